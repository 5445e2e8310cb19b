"""Settings of the tests: throw-away data folder, fast passwords, mail and tasks in memory."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="portal-test-"))
os.environ.setdefault("SECRET_KEY", "a-key-for-tests-only-a-key-for-tests-only-a-key")
os.environ.setdefault("FIELD_KEY", "a-field-key-for-tests-only-a-field-key-for-tests")

from portal.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = os.environ.get("BROKER_URL", "memory://")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
AXES_ENABLED = False
