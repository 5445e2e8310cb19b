from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("campaign", "0006_taken_over")]

    operations = [
        migrations.RemoveField(
            model_name="enrolment",
            name="head",
        ),
        migrations.RemoveField(
            model_name="enrolment",
            name="office_members",
        ),
        migrations.RemoveField(
            model_name="studynote",
            name="text",
        ),
    ]
