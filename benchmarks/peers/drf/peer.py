"""The same job with Django REST Framework (对照程序): findings of districts by token, one reported, a hundred results at once.

Written as its own documentation teaches it: models, serializers, generic views, token authentication, cursor pagination,
``select_related`` and ``prefetch_related`` where rows are nested, ``bulk_create`` for many. A district is a filter in the
queryset; there are no policies. A visit is checked as the product promises it: every question of the forms is answered, an
item is scored for each form that asks, each form has its sheet, and the same visit sent again changes nothing. Run: ``python -c "import peer; peer.lay()"`` makes the tables, then ``gunicorn peer:application``.
"""

import configured  # noqa: F401 - Django wants its settings before its models are imported

# isort: split
import hashlib
import uuid
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.db.models import Q
from django.urls import path
from django.utils import timezone
from django.utils.functional import cached_property
from rest_framework import generics, pagination, serializers
from rest_framework.authtoken.models import Token
from rest_framework.response import Response
from tables import (
    TABLES,
    Answer,
    Audit,
    Category,
    DayOff,
    Event,
    Finding,
    Item,
    Liaison,
    Note,
    Outgoing,
    Part,
    Result,
    Rule,
    Seat,
    Serial,
    Sheet,
    Site,
    Tenant,
    Unit,
    Visit,
)


class PartSerializer(serializers.ModelSerializer):
    unit_name = serializers.CharField(source="unit.name", read_only=True)

    class Meta:
        model = Part
        fields = ["kind", "unit_id", "unit_name", "leading", "state", "assignee", "asked", "due_on"]


class FindingSerializer(serializers.ModelSerializer):
    site_name = serializers.CharField(source="site.name", read_only=True)
    unit_name = serializers.CharField(source="unit.name", read_only=True)
    parts = PartSerializer(many=True, read_only=True)
    campaigns = serializers.SerializerMethodField()
    overdue = serializers.SerializerMethodField()
    site_id = serializers.PrimaryKeyRelatedField(source="site", queryset=Site.objects.all())

    class Meta:
        model = Finding
        fields = [
            "id", "number", "title", "title_en", "category", "state", "version", "key_item", "site_id", "site_name",
            "unit_id", "unit_name", "opened_at", "due_at", "answered_at", "closed_at", "outcome", "source", "severity",
            "restricted", "priority", "returns", "extended_days", "reopened", "relapsed", "review_on", "overdue",
            "parts", "campaigns", "detail",
        ]  # fmt: skip
        read_only_fields = [
            "id", "number", "state", "version", "key_item", "opened_at", "due_at", "answered_at", "closed_at",
            "outcome", "returns", "extended_days", "reopened", "relapsed", "review_on", "restricted", "priority",
        ]  # fmt: skip

    def get_campaigns(self, one):
        return sorted(row.campaign for row in one.campaign_rows.all())

    def get_overdue(self, one):
        return one.answered_at is None and one.due_at < timezone.now()

    def validate_site_id(self, site):
        if site.tenant_id != self.context["request"].user.seat.tenant_id:
            raise serializers.ValidationError("no such site")
        return site

    def validate_category(self, code):
        if not Category.objects.filter(code=code).exists():
            raise serializers.ValidationError("no such category")
        return code

    @transaction.atomic
    def create(self, data):
        user = self.context["request"].user
        tenant = user.seat.tenant
        category = Category.objects.get(code=data["category"])
        rules = Rule.objects.filter(
            Q(site=data["site"]) | Q(site=None), tenant=tenant, category__in=["", category.code]
        )
        rule = rules.select_related("unit").order_by("-site", "-category").first()
        named = Unit.objects.filter(tenant=tenant, role=category.role).first()
        lead = rule.unit if rule else named or data["site"].unit
        serial = Serial.objects.select_for_update().get(tenant=tenant)
        serial.last += 1
        serial.save()
        now = timezone.now()
        due = self.due(tenant, now, (rule and rule.working_days) or category.working_days)
        number = f"{now.year}-{serial.last:05d}"
        made = Finding.objects.create(
            **data, tenant=tenant, unit=data["site"].unit, number=number, state="dispatched",
            working_days=category.working_days, opened_at=now, due_at=due,
        )  # fmt: skip
        parts = [Part(finding=made, kind="line", unit=lead, leading=True, state="open")]
        if lead.pk != made.unit_id:
            parts.append(Part(finding=made, kind="place", unit=made.unit))
        Part.objects.bulk_create(parts)
        Event.objects.create(finding=made, version=1, at=now, verb="open", to_state="dispatched", user=user)
        Audit.objects.create(tenant=tenant, user=user, at=now, verb="finding.report", object_id=str(made.pk))
        self.tell(made, lead, now)
        return made

    def due(self, tenant, now, days):
        off = set(DayOff.objects.filter(tenant=tenant, day__gte=now.date()).values_list("day", flat=True))
        while days:
            now += timedelta(days=1)
            days -= now.date() not in off and now.weekday() < 5
        return now

    def tell(self, made, lead, now):
        people = [one.user_id for one in Liaison.objects.filter(unit=lead)]
        text, params = "finding {number}", {"number": made.number, "title": made.title}
        said = {"kind": "finding.open", "text": text, "params": params, "object_id": str(made.pk), "at": now}
        Note.objects.bulk_create([Note(user_id=one, **said) for one in people])
        Outgoing.objects.bulk_create([Outgoing(user_id=one, body=text, at=now) for one in people])


class AnswerSerializer(serializers.Serializer):
    question = serializers.CharField(max_length=40)
    rating = serializers.IntegerField(min_value=0, max_value=10)


class SheetSerializer(serializers.ModelSerializer):
    class Meta:
        model = Sheet
        fields = ["form", "earned", "possible"]


class VisitSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    site_id = serializers.PrimaryKeyRelatedField(source="site", queryset=Site.objects.all())
    answers = AnswerSerializer(many=True, write_only=True)
    at = serializers.DateTimeField(read_only=True)
    day = serializers.DateField(read_only=True)
    sheets = SheetSerializer(many=True, read_only=True)

    def validate_site_id(self, site):
        if site.tenant_id != self.context["request"].user.seat.tenant_id:
            raise serializers.ValidationError("no such site")
        return site

    def validate_answers(self, answers):
        asked, given = {item.question for item in self.items}, {one["question"] for one in answers}
        if given != asked:
            raise serializers.ValidationError(f"unknown or without an answer: {sorted(given ^ asked)[:5]}")
        return answers

    @cached_property
    def items(self):
        return list(Item.objects.order_by("form", "code"))

    @transaction.atomic
    def create(self, data):
        user, site, now = self.context["request"].user, data["site"], timezone.now()
        visit = Visit.objects.create(
            id=data["id"], tenant=user.seat.tenant, site=site, unit_id=site.unit_id, user=user, at=now, day=now.date(),
            body_sha256=self.context["digest"],
        )  # fmt: skip
        ratings = {one["question"]: one["rating"] for one in data["answers"]}
        results, sheets = [], {}
        for item in self.items:
            rating = ratings[item.question]
            earned, outcome = item.points * rating // 10, "pass" if rating >= 7 else "fail"
            results.append(
                Result(visit=visit, item=item, day=visit.day, outcome=outcome, earned=earned, possible=item.points)
            )
            sheet = sheets.setdefault(item.form, Sheet(visit=visit, form=item.form, earned=0, possible=0))
            sheet.earned, sheet.possible = sheet.earned + earned, sheet.possible + item.points
        Sheet.objects.bulk_create(sheets.values())
        Answer.objects.bulk_create(Answer(visit=visit, question=q, rating=rating) for q, rating in ratings.items())
        Result.objects.bulk_create(results)
        Audit.objects.create(tenant=visit.tenant, user=user, at=now, verb="visit.submit", object_id=str(visit.pk))
        return visit


class Pages(pagination.CursorPagination):
    page_size = 50
    ordering = ("-opened_at", "-id")


class Findings(generics.ListCreateAPIView):
    serializer_class = FindingSerializer
    pagination_class = Pages

    def get_queryset(self):
        mine = Finding.objects.filter(tenant=self.request.user.seat.tenant_id)
        return mine.select_related("site", "unit").prefetch_related("parts__unit", "campaign_rows")


class Visits(generics.CreateAPIView):
    serializer_class = VisitSerializer

    def get_serializer_context(self):
        return super().get_serializer_context() | {"digest": hashlib.sha256(self.request.body).digest()}

    def create(self, request, *args, **kwargs):
        digest = hashlib.sha256(request.body).digest()
        earlier = Visit.objects.filter(tenant=request.user.seat.tenant_id, id=self.said_id(request)).first()
        if earlier is not None:
            same = bytes(earlier.body_sha256) == digest and earlier.user_id == request.user.pk
            return Response(self.get_serializer(earlier).data if same else None, status=200 if same else 409)
        return super().create(request, *args, **kwargs)

    def said_id(self, request):
        try:
            return uuid.UUID(str(request.data.get("id")))
        except ValueError as error:
            raise serializers.ValidationError({"id": "not a UUID"}) from error


urlpatterns = [path("findings", Findings.as_view()), path("visits", Visits.as_view())]
application = get_wsgi_application()


def lay() -> None:
    """Make the tables, and one inspector with his key, which is printed."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        for model in TABLES:
            editor.create_model(model)
    tenant = Tenant.objects.create(slug="peer")
    Serial.objects.create(tenant=tenant)
    user = User.objects.create_user("peer")
    Seat.objects.create(user=user, tenant=tenant)
    print(Token.objects.create(user=user).key)  # noqa: T201 - the bench reads it from here
