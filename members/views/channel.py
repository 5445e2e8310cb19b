"""消息通道: where an organisation's messenger is set up, tested, switched, and what went wrong with it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from members.actions import channel as actions
from members.forms.channel import AccountsForm, ChannelForm
from members.models import Channel
from members.permissions import Permission
from members.tree import visible_trail
from members.views.at_organization import form_page, organization_in_scope
from portal.access import get_in_scope, requires

TAKEN = "本组织已有同名的通道，请换一个名称。"


def channel_in_scope(request: HttpRequest, pk: int) -> Channel:
    return get_in_scope(request, Channel.objects.visible_to(request.user).select_related("organization"), pk=pk)


@requires(Permission.MANAGE_CHANNELS)
@require_safe
def overview(request: HttpRequest, org_pk: int) -> HttpResponse:
    node = organization_in_scope(request, org_pk)
    channels = list(node.channels.prefetch_related("accounts"))
    context = {"node": node, "trail": visible_trail(request.user, node), "channels": channels}
    return render(request, "members/channel_list.html", context)


def saved(request: HttpRequest, form: ChannelForm) -> bool:
    """Save what is right; a name that is taken is said at the field."""
    if not form.is_valid():
        return False
    try:
        actions.save(channel=form.save(commit=False), by=request.user)
    except actions.Taken:
        form.add_error("name", TAKEN)
        return False
    return True


@requires(Permission.MANAGE_CHANNELS)
def create(request: HttpRequest, org_pk: int) -> HttpResponse:
    node = organization_in_scope(request, org_pk)
    form = ChannelForm(request.POST or None, instance=Channel(organization=node))
    if saved(request, form):
        messages.success(request, "通道已建立。请点“发送测试”，看群里是否收到。")
        return redirect("channel-list", node.pk)
    return form_page(request, node, form, "channel_edit")


@requires(Permission.MANAGE_CHANNELS)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    channel = channel_in_scope(request, pk)
    form = ChannelForm(request.POST or None, instance=channel)
    if saved(request, form):
        messages.success(request, "通道已保存。")
        return redirect("channel-list", channel.organization_id)
    return form_page(request, channel.organization, form, "channel_edit", channel=channel)


@requires(Permission.MANAGE_CHANNELS)
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    channel = channel_in_scope(request, pk)
    if problem := actions.test(channel=channel, by=request.user):
        messages.error(request, f"测试没有成功：{problem}")
    else:
        messages.success(request, "测试消息已被接收，请到群里核对。")
    return redirect("channel-list", channel.organization_id)


@requires(Permission.MANAGE_CHANNELS)
@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    channel = channel_in_scope(request, pk)
    on = request.POST.get("on") == "1"
    actions.switch(channel=channel, on=on, by=request.user)
    messages.success(request, f"通道“{channel.name}”已{'启用' if on else '停用'}。")
    return redirect("channel-list", channel.organization_id)


@requires(Permission.MANAGE_CHANNELS)
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    channel = channel_in_scope(request, pk)
    actions.remove(channel=channel, by=request.user)
    messages.success(request, f"通道“{channel.name}”已删除。")
    return redirect("channel-list", channel.organization_id)


@requires(Permission.MANAGE_CHANNELS)
def accounts(request: HttpRequest, pk: int) -> HttpResponse:
    """Who gets their own digest there; for receivers of JSON only."""
    channel = channel_in_scope(request, pk)
    if not channel.takes_accounts:
        messages.info(request, "群机器人只能向全群发消息，不能对应到个人。")
        return redirect("channel-list", channel.organization_id)
    known = channel.accounts.select_related("user")
    lines = "\n".join(f"{each.user.username} {each.account}" for each in known)
    form = AccountsForm(request.POST or None, organization=channel.organization, initial={"accounts": lines})
    if form.is_valid():
        actions.map_accounts(channel=channel, accounts=form.cleaned_data["accounts"], by=request.user)
        messages.success(request, f"已对应{len(form.cleaned_data['accounts'])}人，他们的每日提醒改从这个通道发送。")
        return redirect("channel-list", channel.organization_id)
    return form_page(request, channel.organization, form, "channel_accounts", channel=channel)
