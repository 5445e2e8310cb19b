"""What every page has: the frame, the way in it, safe headers, and pages for what goes wrong."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path, reverse
from django.utils import timezone

from members.permissions import Role
from portal.access import public, signed_in
from portal.kept_text import CONTEXT, author_token, kept_fields
from portal.menu import Duty, Panel, duties, menu, panels
from portal.pages import urlpatterns as portal_pages
from portal.uploads import UploadLimitHandler, UploadLimitMiddleware
from portal.urls import handler400, handler403, handler404, handler500
from portal.urls import urlpatterns as all_pages
from tests import factories as make

__all__ = ["handler400", "handler403", "handler404", "handler500"]
pytestmark = pytest.mark.django_db
ACTIVE_CONTENT = re.compile(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|javascript:", re.I)


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse("secret")


@public
def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("stack-and-secrets")


@signed_in
def writing(request: HttpRequest) -> HttpResponse:
    """A page that keeps what an expired session was about to save."""
    token = author_token(request.user)
    return HttpResponse(f"kept_for={token} text={kept_fields(request).get('text', '')}")


@public
def taking(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{len(request.FILES)} files, {len(request.POST)} fields")


urlpatterns = [
    path("undeclared/", undeclared),
    path("broken/", broken),
    path("writing/", writing),
    path("writing/again/", writing),
    path("taking/", taking),
    *all_pages,
]
own_addresses = pytest.mark.urls(__name__)


def signed(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


# ---- the frame ----


def test_the_frame_shows_who_one_is_and_every_hat() -> None:
    root = make.organization("滨江市委")
    home = make.branch(root, "机关一支部")
    person = make.member(home, "赵小兰")
    user = make.hat(Role.COMMITTEE, home, of=person)
    make.hat(Role.OFFICE, root, account=user)
    page = signed(user).get("/").content.decode()
    assert "赵小兰" in page
    for words in ("支部委员", "活动办公室", "滨江市委", "机关一支部", "党员"):
        assert words in page


def test_pages_name_their_language_and_landmarks() -> None:
    page = signed(make.user()).get("/").content.decode()
    for part in ('<html lang="zh-Hans"', 'href="#main"', '<main id="main"', 'aria-label="主菜单"', "<h1", "<footer"):
        assert part in page


def test_home_says_what_is_owed_the_most_pressing_first(monkeypatch: pytest.MonkeyPatch) -> None:
    today = timezone.localdate()

    def owed(user: Any) -> list[Duty]:
        return [
            Duty("以后再做的事", "/later/", today + timedelta(days=40), "学习"),
            Duty("没有期限的事", "/some-day/", None, "学习"),
            Duty("今天要做的事", "/today/", today, "整改"),
            Duty("已经晚了的事", "/late/", today - timedelta(days=3), "学习", note="三天前"),
            Duty("快到期的事", "/soon/", today + timedelta(days=2), "整改"),
        ]

    monkeypatch.setattr(duties, "_functions", [owed])
    page = signed(make.user()).get("/").content.decode()
    order = [page.index(f'href="/{p}/"') for p in ("late", "later", "some-day", "today", "soon")]
    assert order == sorted(order)
    assert "您有 5 项待办" in page
    assert "1 项已过期限" in page
    for words in ("已过期 3 天", "今天截止", "还有 2 天"):
        assert words in page


def test_home_says_what_next_when_nothing_is_owed() -> None:
    assert "活动办公室" in signed(make.user()).get("/").content.decode()
    member = make.user(make.member())
    page = signed(member).get("/").content.decode()
    assert "目前没有需要您办理的事项" in page


def test_home_draws_the_panels_that_concern_one(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"title": "等待您审核", "advice": "共 1 份"}
    shown = Panel("a", "portal/_empty.html", lambda user: values)
    hidden = Panel("b", "portal/_empty.html", lambda user: None)
    monkeypatch.setattr(panels, "_items", {"a": shown, "b": hidden})
    page = signed(make.user()).get("/").content.decode()
    assert page.count("等待您审核") == 1
    assert "目前没有需要您办理" not in page


# ---- headers ----


@pytest.mark.parametrize("name", ["sign-in", "first-run", "home", "no-such-page"])
@pytest.mark.parametrize("used", [True, False])
def test_public_pages_allow_no_inline_code(client: Client, name: str, used: bool) -> None:
    if used:
        make.user()
    response = client.get("/nope/" if name == "no-such-page" else reverse(name))
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert not ACTIVE_CONTENT.search(response.content.decode())


@pytest.mark.parametrize("name", ["home", "notice-list", "job-list", "password-change"])
def test_pages_hold_no_inline_code(name: str) -> None:
    secretary = make.secretary(make.branch())
    assert not ACTIVE_CONTENT.search(signed(secretary).get(reverse(name)).content.decode())


def test_an_address_without_declared_access_is_an_error_not_a_leak(client: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    with pytest.raises(ImproperlyConfigured, match="declares no access"):
        client.get("/undeclared/")


def test_all_portal_addresses_declare_their_access() -> None:
    for pattern in portal_pages:
        assert pattern.callback.access.kind in {"public", "signed-in", "permission"}, pattern.name  # type: ignore[attr-defined]


# ---- pages for what goes wrong ----


@own_addresses
@pytest.mark.parametrize("known", [True, False])
def test_error_pages_look_like_the_portal_and_tell_no_details(known: bool) -> None:
    client = signed(make.user()) if known else Client()
    client.raise_request_exception = False
    for address, status, words in (("/nope/", 404, "没有找到"), ("/broken/", 500, "意外错误")):
        response = client.get(address)
        assert response.status_code == status
        page = response.content.decode()
        assert words in page
        assert "回到首页" in page
        assert "stack-and-secrets" not in page
        assert "Content-Security-Policy" in response.headers


def test_an_expired_form_is_explained() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(reverse("sign-in"), {"username": "x", "password": "y"})
    assert response.status_code == 403
    assert "页面已过期" in response.content.decode()


def test_an_unknown_host_gets_a_plain_refusal(client: Client) -> None:
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "无法处理" in response.content.decode()


# ---- uploads ----


@own_addresses
def test_an_upload_over_the_limit_is_refused_before_it_is_read(client: Client, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 3 * 1024 * 1024

    def sent(size: int) -> Any:
        return client.post("/taking/", {"file": SimpleUploadedFile("花名册.xlsx", b"x" * size)})

    assert sent(1024).content.decode() == "1 files, 0 fields"
    refused = sent(4 * 1024 * 1024)
    assert refused.status_code == 413
    assert "一次最多上传 3 MB" in refused.content.decode()


def test_nothing_of_a_refused_body_is_read(settings: Any) -> None:
    class Untouchable:
        def read(self, *args: int) -> bytes:
            raise AssertionError("the body was read")

    request = RequestFactory().post("/", CONTENT_TYPE="multipart/form-data; boundary=x")
    for announced in (str(settings.MAX_UPLOAD_BYTES + 1), "many", "-1"):
        request.META |= {"CONTENT_LENGTH": announced, "wsgi.input": Untouchable()}
        assert UploadLimitMiddleware(taking)(request).status_code == 413


@own_addresses
def test_a_body_that_lies_about_its_length_is_stopped_while_it_streams(client: Client, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 200_000
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if m != "portal.uploads.UploadLimitMiddleware"]
    assert "portal.uploads." + UploadLimitHandler.__name__ == settings.FILE_UPLOAD_HANDLERS[0]
    response = client.post("/taking/", {"file": SimpleUploadedFile("a.bin", b"x" * 300_000)})
    assert response.status_code == 413
    assert "提交的内容太大" in response.content.decode()


@own_addresses
def test_too_much_text_is_refused_as_too_large(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert client.post("/taking/", {"text": "长" * 2000}).status_code == 413


# ---- text kept over an expired session ----


def token_of(response: Any) -> str:
    return response.content.decode().split("kept_for=")[1].split()[0]


@own_addresses
def test_what_an_expired_session_was_about_to_save_comes_back_to_its_writer() -> None:
    user = make.user()
    client = signed(user)
    token = token_of(client.get("/writing/"))
    client.logout()
    asked = client.post("/writing/", {"kept_for": token, "text": "写了一晚上的话"})
    assert asked.headers["Location"] == "/sign-in/?next=/writing/"
    assert "内容已加密保留" in client.get(asked.headers["Location"]).content.decode()
    assert "一晚上" not in str(dict(client.session)), "sealed while it waits"
    back = client.post(
        "/sign-in/", {"username": user.username, "password": make.PASSWORD, "next": "/writing/"}, follow=True
    )
    assert "text=写了一晚上的话" in back.content.decode()
    assert "写了一晚上的话" not in client.get("/writing/").content.decode(), "given back once"


@own_addresses
def test_somebody_else_at_the_same_machine_does_not_get_it() -> None:
    writer, other = make.user(), make.user()
    client = signed(writer)
    token = token_of(client.get("/writing/"))
    client.logout()
    client.post("/writing/", {"kept_for": token, "text": "写了一晚上的话"})
    page = client.post(
        "/sign-in/", {"username": other.username, "password": make.PASSWORD, "next": "/writing/"}, follow=True
    )
    assert "写了一晚上的话" not in page.content.decode()
    assert CONTEXT not in client.session


@own_addresses
def test_what_was_kept_waits_for_its_own_page() -> None:
    user = make.user()
    client = signed(user)
    token = token_of(client.get("/writing/"))
    client.logout()
    client.post("/writing/", {"kept_for": token, "text": "写了一晚上的话", "kept_back": "//evil.example/"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert "写了一晚上的话" not in client.get("/writing/again/").content.decode()
    assert "写了一晚上的话" in client.get("/writing/").content.decode()


@own_addresses
def test_who_signed_in_anew_in_another_window_gets_the_text_back_into_the_form() -> None:
    user, other = make.user(), make.user()
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    form = {"kept_for": token_of(client.get("/writing/")), "text": "写了一晚上的话", "csrfmiddlewaretoken": "x" * 64}
    sent = client.post("/writing/", form)
    assert sent.status_code == 302
    assert sent.headers["Location"] == "/writing/"
    back = client.get("/writing/")
    assert "text=写了一晚上的话" in back.content.decode()
    client.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/writing/", form).status_code == 403
    assert CONTEXT not in client.session
    client.logout()
    assert client.post("/writing/", form).headers["Location"] == "/sign-in/?next=/writing/"


@own_addresses
def test_nothing_is_kept_for_a_forged_token_and_fragments_lead_to_the_sign_in_page() -> None:
    client = Client()
    make.user()
    assert client.post("/writing/", {"kept_for": "1:forged", "text": "话"}).headers["Location"] == "/sign-in/?next=/"
    assert CONTEXT not in client.session
    fragment = client.get("/writing/", headers={"HX-Request": "true"})
    assert fragment.status_code == 401
    assert fragment.headers["HX-Redirect"].startswith("/sign-in/")


# ---- icons ----


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (settings.BASE_DIR / "static/icons/sprite.svg").read_text()))
    named = {entry.icon for entry in menu}
    for template in (settings.BASE_DIR / "templates").rglob("*.html"):
        named |= set(re.findall(r'_icon\.html" with name="([^"]+)"', template.read_text()))
    assert named <= drawn
