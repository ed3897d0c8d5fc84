"""The same job with Django REST Framework (对照程序): findings of districts by token, one reported, a hundred results at once.

Written as its own documentation teaches it: models, serializers, generic views, token authentication, cursor pagination,
``select_related`` and ``prefetch_related`` where rows are nested, ``bulk_create`` for many. A district is a filter in the
queryset; there are no policies. Run: ``python -c "import peer; peer.lay()"`` makes the tables, then ``gunicorn peer:application``.
"""

import configured  # noqa: F401 - Django wants its settings before its models are imported

# isort: split
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.db.models import Q
from django.urls import path
from django.utils import timezone
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
    item = serializers.CharField(max_length=40)
    rating = serializers.IntegerField(min_value=0, max_value=10)


class VisitSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    site_id = serializers.PrimaryKeyRelatedField(source="site", queryset=Site.objects.all())
    answers = AnswerSerializer(many=True)

    def validate_site_id(self, site):
        if site.tenant_id != self.context["request"].user.seat.tenant_id:
            raise serializers.ValidationError("no such site")
        return site

    @transaction.atomic
    def create(self, data):
        user = self.context["request"].user
        items = Item.objects.in_bulk([one["item"] for one in data["answers"]])
        missing = [one["item"] for one in data["answers"] if one["item"] not in items]
        if missing:
            raise serializers.ValidationError({"answers": f"no such item: {missing[0]}"})
        now = timezone.now()
        visit = Visit.objects.create(id=data["id"], tenant=user.seat.tenant, site=data["site"], user=user, at=now)
        answers, results = [], []
        for one in data["answers"]:
            item, rating = items[one["item"]], one["rating"]
            earned = item.points * rating // 10
            answers.append(Answer(visit=visit, item=item, rating=rating))
            outcome = "pass" if rating >= 7 else "fail"
            results.append(Result(visit=visit, item=item, outcome=outcome, earned=earned, possible=item.points))
        Answer.objects.bulk_create(answers)
        Result.objects.bulk_create(results)
        visit.earned, visit.possible = sum(r.earned for r in results), sum(r.possible for r in results)
        visit.save()
        Audit.objects.create(tenant=user.seat.tenant, user=user, at=now, verb="visit.submit", object_id=str(visit.pk))
        return visit

    def to_representation(self, visit):
        return {"id": str(visit.pk), "earned": visit.earned, "possible": visit.possible}


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

    def create(self, request, *args, **kwargs):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=201)


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
