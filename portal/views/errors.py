"""Error pages, each saying what happened and what to do."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string

from portal.kept_text import keep_text


def page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    return render(request, "portal/error.html", {"title": title, "advice": advice, "status": status}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    return page(request, 400, "无法处理这次请求", "请返回上一页，检查填写的内容后重试。")


def unknown_format(request: HttpRequest) -> HttpResponse:
    return page(request, 400, "没有这种格式", "这份材料不提供您选择的文件格式，请返回上一页另选一种。")


def too_large(request: HttpRequest) -> HttpResponse:
    limit = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
    return page(
        request, 413, "提交的内容太大", f"一次最多上传 {limit} MB，这次的内容没有保存。请压缩、拆分文件后重新上传。"
    )


def wrong_method(request: HttpRequest, allowed: str) -> HttpResponse:
    response = page(request, 405, "这个地址不能直接打开", "它只用于提交表单。请从菜单进入相应页面后再操作。")
    response.headers["Allow"] = allowed
    return response


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403, "您没有进行这项操作的权限", "如因工作需要，请联系上级活动办公室调整职责。")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404, "没有找到这个页面", "它可能已被移动，或不在您的工作范围内。")


def server_error(request: HttpRequest) -> HttpResponse:
    """Drawn without the request: whatever failed (the database, the session) is not needed again."""
    context = {
        "portal_name": settings.PORTAL_NAME,
        "status": 500,
        "title": "系统出现意外错误",
        "advice": "已经保存的内容不会丢失。请稍后重试；如仍有问题，请联系系统管理员。",
    }
    return HttpResponse(render_to_string("portal/error.html", context), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Signed in anew in another window: what was typed comes back into its form, to be sent again."""
    if back := keep_text(request):
        if not request.user.is_authenticated:
            return redirect_to_login(back, resolve_url(settings.LOGIN_URL))
        messages.warning(request, "您在另一窗口重新登录过，这次提交没有保存。填写的内容已放回表单，请核对后重新提交。")
        return HttpResponseRedirect(back)
    return page(
        request,
        403,
        "页面已过期，未能提交",
        "通常是因为在另一窗口重新登录过，或浏览器禁用了 Cookie。"
        "请返回上一页（填写的内容一般还在），复制要保留的文字，刷新页面后重新提交。",
    )
