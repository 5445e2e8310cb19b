"""Error pages, each saying what happened and what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    return render(request, "portal/error.html", {"title": title, "advice": advice, "status": status}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 400, "无法处理这次请求", "请返回上一页，检查后重试。")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403, "您没有进行这项操作的权限", "如因工作需要，请联系上级活动办公室调整职责。")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404, "没有找到这个页面", "它可能已被移动，或不在您的工作范围内。")


def server_error(request: HttpRequest) -> HttpResponse:
    return page(request, 500, "系统出现意外错误", "已经保存的内容不会丢失。请稍后重试；如仍有问题，请联系系统管理员。")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(request, 403, "页面已过期，未能提交", "请返回上一页并刷新后重新提交；返回后您填写的内容仍在。")
