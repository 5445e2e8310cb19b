"""Signing in on the day: the screen with its changing code, the way from there, and the page where one confirms."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaign.actions import sign_in as actions
from campaign.forms.study_plan import CodeForm, ProxyForm
from campaign.models import Participation, PlannedSession
from campaign.study.plans import expected
from campaign.study.sign_in_codes import screen_code, slot_of, way_of, way_scanned
from campaign.views.enrolment import in_charge
from campaign.views.study_plan import visible_plans
from members.permissions import Permission
from portal.access import public, requires, signed_in
from portal.ciphers import blind_index
from portal.qr import qr_code

SCANNED = "study-scanned"
# How long a scan waits for signing in to the portal and for the button.
SECONDS = 600
DEVICE = "study-device"
DEVICE_SECONDS = 3 * 365 * 24 * 3600


def scan_url(plan: PlannedSession, code: str) -> str:
    return f"{settings.SITE_URL}{reverse('study-scan', args=[plan.pk, code])}"


@requires(Permission.RECORD_STUDY)
@require_safe
def study_plan_screen(request: HttpRequest, pk: int) -> HttpResponse:
    """For the screen in the room: a code that is good for half a minute, and how many have signed in. No names."""
    plan = in_charge(request, visible_plans(request.user), pk)
    context = {
        "plan": plan,
        "refusal": actions.refusal(plan),
        "qr": qr_code(scan_url(plan, screen_code(plan.pk, slot_of(timezone.now()))), fluid=True),
        "signed": plan.sign_ins.count(),
        "expected": len(expected(plan)),
    }
    part = request.headers.get("HX-Request") == "true"
    template = "campaign/_study_screen_code.html" if part else "campaign/study_plan_screen.html"
    response = render(request, template, context)
    response["Cache-Control"] = "no-store"
    return response


@public
@require_safe
def study_scan(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Where the code on the screen or on the paper leads. That it was good is kept in the session, so that whoever has to
    sign in to the portal first still gets there; everything else is said on the next page."""
    if way := way_scanned(pk, code, timezone.now()):
        remember(request, pk, way)
    elif request.user.is_authenticated:
        messages.warning(request, "这个二维码已经过期。请重新扫描屏幕上的二维码，或填写纸质签到单上的签到码。")
    return redirect("study-plan-sign-in", pk)


def remember(request: HttpRequest, plan: int, way: str) -> None:
    request.session[SCANNED] = {"plan": plan, "way": way, "at": int(timezone.now().timestamp())}


def way_proved(request: HttpRequest, plan: PlannedSession) -> str:
    """By which way it was proved, some minutes ago at most, that this session's user is there; empty: it was not."""
    scanned = request.session.get(SCANNED) or {}
    fresh = timezone.now().timestamp() - scanned.get("at", 0) <= SECONDS
    return str(scanned["way"]) if scanned.get("plan") == plan.pk and fresh else ""


@signed_in
def study_plan_sign_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm that one is there, or sign in for a colleague; a code can be typed where none was scanned."""
    user: Any = request.user
    plan = get_object_or_404(visible_plans(user), pk=pk)
    device = request.COOKIES.get(DEVICE, "")[:64] or secrets.token_urlsafe(24)
    form = {"code": CodeForm, "name": ProxyForm}.get(str(request.POST.get("what")), CodeForm)(
        request.POST if request.POST.get("what") in {"code", "name"} else None
    )
    if request.method == "POST" and not actions.refusal(plan) and carry_out(request, plan, form, device):
        response: HttpResponse = redirect("study-plan-sign-in", plan.pk)
    else:
        response = render(request, "campaign/study_plan_sign_in.html", sign_in_page(request, plan, form))
    response.set_cookie(
        DEVICE,
        device,
        max_age=DEVICE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def sign_in_page(request: HttpRequest, plan: PlannedSession, form: Any) -> dict[str, Any]:
    user: Any = request.user
    people = expected(plan)
    own = next((person for person in people if person.member_id == (user.member_id or 0)), None)
    mine = plan.sign_ins.filter(participation__member=user.member_id or 0).select_related("by").first()
    if mine is not None:
        mine.plan = plan
    return {
        "plan": plan,
        "refusal": actions.refusal(plan),
        "own": own,
        "mine": mine,
        "others": plan.sign_ins.filter(by=user.pk)
        .exclude(participation__member=user.member_id or 0)
        .select_related("participation__member"),
        "way": way_proved(request, plan),
        "code_form": form if isinstance(form, CodeForm) else CodeForm(),
        "proxy_form": form if isinstance(form, ProxyForm) else ProxyForm(),
    }


def carry_out(request: HttpRequest, plan: PlannedSession, form: Any, device: str) -> bool:
    """One of: a typed code, signing in, signing in a colleague. ``False``: the page is shown again with what is wrong."""
    what, user = request.POST.get("what"), request.user
    if what == "code":
        if form.is_valid() and (way := way_of(plan, form.cleaned_data["code"].strip(), timezone.now())):
            remember(request, plan.pk, way)
            return True
        if form.is_valid():
            form.add_error("code", "签到码不对。请核对纸质签到单上今天的签到码，或扫描屏幕上的二维码。")
        return False
    way = way_proved(request, plan)
    if not way:
        messages.warning(request, "请先扫描会场的二维码，或填写签到码。")
        return True
    person: Participation | None = find_person(plan, user, form)
    if person is None:
        return False
    try:
        signed, new = actions.sign_in(
            plan=plan, participation=person, way=way, device=blind_index(device, "study-device"), by=user
        )
    except actions.SignInRefused as refused:
        messages.error(request, str(refused))
        return True
    signed.plan = plan
    said = "已签到（迟到）" if signed.is_late else "已签到"
    whom = "" if person.member_id == user.member_id else f"{person}"  # type: ignore[union-attr]
    messages.success(request, f"{whom}{said}。" if new else f"{whom}此前已经签到，没有重复登记。")
    return True


def find_person(plan: PlannedSession, user: Any, form: Any) -> Participation | None:
    """The user themselves, or the colleague whose name was typed; namesakes are left to the secretary."""
    if not isinstance(form, ProxyForm):
        mine = plan.enrolment.campaign.participations.active().filter(member=user.member_id or 0)
        return mine.first()
    if not form.is_valid():
        return None
    name = "".join(form.cleaned_data["name"].split())
    found = [person for person in expected(plan) if person.member.name == name]
    if len(found) != 1:
        why = "有同名的同志" if found else f"参加人员中没有“{name}”"
        form.add_error("name", f"{why}，没有代签。请核对姓名，或请书记登记出勤。")
        return None
    return found[0]
