"""The tables of the peer (对照程序数据表): what a district needs to report, dispatch and inspect; a district is a column."""

import configured  # noqa: F401 - Django wants its settings before its models are imported

# isort: split
import uuid

from django.contrib.auth.models import User
from django.db import models


class Named(models.Model):
    """What every table of the peer shares: an app label, for there is no app package."""

    class Meta:
        abstract = True
        app_label = "auth"


class Tenant(Named):
    slug = models.CharField(max_length=40, unique=True)


class Seat(Named):
    user = models.OneToOneField(User, on_delete=models.CASCADE)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)


class Unit(Named):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=60, blank=True)


class Site(Named):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)


class Category(Named):
    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=60)
    working_days = models.IntegerField()


class Serial(Named):
    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE)
    last = models.IntegerField(default=0)


class Finding(Named):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    number = models.CharField(max_length=40, null=True)
    site = models.ForeignKey(Site, null=True, on_delete=models.CASCADE)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE)
    source = models.CharField(max_length=40, default="snapshot")
    severity = models.CharField(max_length=20, default="ordinary")
    restricted = models.BooleanField(default=False)
    priority = models.BooleanField(default=False)
    category = models.CharField(max_length=40)
    title = models.TextField(blank=True)
    title_en = models.TextField(blank=True)
    detail = models.TextField(blank=True)
    state = models.CharField(max_length=40)
    version = models.IntegerField(default=1)
    key_item = models.BooleanField(default=False)
    working_days = models.IntegerField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, null=True)
    returns = models.IntegerField(default=0)
    extended_days = models.IntegerField(default=0)
    reopened = models.IntegerField(default=0)
    relapsed = models.IntegerField(default=0)
    review_on = models.DateField(null=True)

    class Meta:
        app_label = "auth"
        indexes = [models.Index(fields=["tenant", "-opened_at", "-id"], name="peer_finding_opened")]


class Part(Named):
    finding = models.ForeignKey(Finding, related_name="parts", on_delete=models.CASCADE)
    kind = models.CharField(max_length=20)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE)
    leading = models.BooleanField(default=False)
    state = models.CharField(max_length=20, default="informed")
    assignee = models.CharField(max_length=100, blank=True)
    asked = models.TextField(blank=True)
    due_on = models.DateField(null=True)


class FindingCampaign(Named):
    finding = models.ForeignKey(Finding, related_name="campaign_rows", on_delete=models.CASCADE)
    campaign = models.CharField(max_length=40)


class Event(Named):
    finding = models.ForeignKey(Finding, related_name="events", on_delete=models.CASCADE)
    version = models.IntegerField()
    at = models.DateTimeField()
    verb = models.CharField(max_length=40)
    to_state = models.CharField(max_length=40)
    user = models.ForeignKey(User, on_delete=models.CASCADE)


class Item(Named):
    code = models.CharField(max_length=40, primary_key=True)
    form = models.CharField(max_length=40)
    question = models.CharField(max_length=40)
    points = models.IntegerField()


class Visit(Named):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    site = models.ForeignKey(Site, on_delete=models.CASCADE)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    at = models.DateTimeField()
    day = models.DateField()
    body_sha256 = models.BinaryField()


class Answer(Named):
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE)
    question = models.CharField(max_length=40)
    rating = models.IntegerField()


class Sheet(Named):
    visit = models.ForeignKey(Visit, related_name="sheets", on_delete=models.CASCADE)
    form = models.CharField(max_length=40)
    earned = models.IntegerField()
    possible = models.IntegerField()


class Result(Named):
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE)
    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    day = models.DateField()
    outcome = models.CharField(max_length=10)
    earned = models.IntegerField()
    possible = models.IntegerField()

    class Meta:
        app_label = "auth"
        indexes = [models.Index(fields=["item", "day"], name="peer_result_day")]


class Rule(Named):
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    category = models.CharField(max_length=40, blank=True)
    site = models.ForeignKey(Site, null=True, on_delete=models.CASCADE)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE)
    working_days = models.IntegerField(null=True)


class DayOff(Named):
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    day = models.DateField()


class Liaison(Named):
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)


class Note(Named):
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    kind = models.CharField(max_length=40)
    text = models.TextField()
    params = models.JSONField(default=dict)
    object_id = models.CharField(max_length=60)
    at = models.DateTimeField()


class Outgoing(Named):
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    body = models.TextField()
    at = models.DateTimeField()


class Audit(Named):
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    object_id = models.CharField(max_length=60)


TABLES = [
    Tenant,
    Seat,
    Unit,
    Site,
    Category,
    Serial,
    Finding,
    Part,
    FindingCampaign,
    Event,
    Item,
    Visit,
    Answer,
    Sheet,
    Result,
    Rule,
    DayOff,
    Liaison,
    Note,
    Outgoing,
    Audit,
]
