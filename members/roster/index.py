"""The roll of one subtree, ready to be looked things up in while a file is compared with it."""

from typing import Any

from members.models import Member, Organization
from portal.ciphers import blind_index


def plain(name: str) -> str:
    return "".join(name.split())


class Roll:
    """Organisations and members under ``root`` as they are, and those that the file itself adds."""

    def __init__(self, root: Organization) -> None:
        self.root = root
        self.by_code: dict[str, Any] = {}
        self.by_name: dict[str, list[str]] = {}
        self.organizations = {o.code: o for o in Organization.objects.under(root)}
        self.foreign_codes: set[str] = set()
        for organization in self.organizations.values():
            self.know(organization.code, organization.name, organization.kind)
        people = Member.objects.under(root).on_roll().select_related("branch").prefetch_related("tags", "mobilities")
        self.by_number: dict[str, Member] = {}
        self.by_identity: dict[str, Member] = {}
        self.by_person: dict[tuple[str, str], list[Member]] = {}
        for person in people:
            if person.number:
                self.by_number[person.number] = person
            if person.identity_index:
                self.by_identity[person.identity_index] = person
            self.by_person.setdefault((person.name, person.branch.code), []).append(person)
        self.seen: dict[tuple[str, str], Any] = {}
        self.namesakes: dict[tuple[str, str], Any] = {}

    def know(self, code: str, name: str, kind: str) -> None:
        self.by_code[code] = (name, kind)
        self.by_name.setdefault(plain(name), []).append(code)

    def settle_organization(self, row: Any, parent: Any) -> None:
        """Match by code, then by name; a new one needs a parent inside the subtree (or is the root itself, renamed)."""
        name, code = row.values.get("name", ""), row.values.get("code", "")
        row.values["where"] = row.values.get("parent", "")
        if row.outcome == "refused":
            return
        known = self.organizations.get(code) or self.same_name(name, code)
        if known is not None:
            row.target, row.values["code"] = known.pk, known.code
            for key, label, shown in (("name", "名称", {}), ("kind", "组织类型", dict(Organization.Kind.choices)),
                                      ("sector", "领域", dict(Organization.Sector.choices)),
                                      ("condition", "组织状态", dict(Organization.Condition.choices))):
                new, old = row.values.get(key, ""), getattr(known, key)
                if new and new != old:
                    row.changes.append((label, shown.get(old, old), shown.get(new, new)))
            row.outcome = "changed" if row.changes else "unchanged"
            if name != known.name:
                self.know(known.code, name, row.values.get("kind") or known.kind)
            return
        if not code:
            row.refuse("组织编码", "", "新组织须有编码。请补填（同一编码以后用来识别这个组织）。")
            return
        if Organization.objects.filter(code=code).exists():
            row.refuse("组织编码", code, "该编码已被本级范围以外的组织使用。请核对编码。")
            return
        row.values["parent_key"] = self.parent_key(row, parent)
        if row.outcome != "refused":
            row.outcome = "created"
            self.know(code, name, row.values["kind"])

    def same_name(self, name: str, code: str) -> Organization | None:
        """An organisation of that name, only where the file gives no code to tell by."""
        codes = self.by_name.get(plain(name), [])
        return self.organizations.get(codes[0]) if not code and len(codes) == 1 else None

    def parent_key(self, row: Any, parent: Any) -> str:
        written = row.values.get("parent", "")
        if not written:
            return self.root.code
        if parent is not None:
            if parent.outcome == "refused":
                row.refuse("上级组织", written, f"上级组织所在的第{parent.number}行被拒绝。请先更正那一行。")
            return str(parent.values.get("code", ""))
        return self.lookup(row, "上级组织", written)

    def lookup(self, row: Any, column: str, written: str) -> str:
        """Code of the organisation that ``written`` names: its code, its name, or an unmistakable part of its name."""
        if written in self.by_code:
            return written
        wanted = plain(written)
        exact = self.by_name.get(wanted, [])
        codes = exact or sorted({c for name, found in self.by_name.items() if wanted and wanted in name for c in found})
        if len(codes) == 1:
            if not exact:
                row.notes.append(f"“{written}”认作“{self.by_code[codes[0]][0]}”")
            return codes[0]
        if codes:
            options = "、".join(self.by_code[c][0] for c in codes[:4])
            row.refuse(column, written, f"可能是{options}，无法确定。请填写全称或组织编码。")
        else:
            row.refuse(column, written, f"在“{self.root.name}”范围内没有这个组织。请核对名称，或先导入组织。")
        return ""

    def place(self, row: Any) -> None:
        """Find the branch of a member's row."""
        written = row.values.get("branch", "")
        if not written:
            if self.root.is_branch:
                code = self.root.code
            else:
                row.refuse("所在支部", "", "不能为空。请填写支部名称或编码（合并单元格请拆分后填满）。")
                return
        else:
            code = self.lookup(row, "所在支部", written)
        if not code:
            return
        name, kind = self.by_code[code]
        row.values["where"], row.values["branch_key"] = name, code
        if kind not in Organization.BRANCH_KINDS:
            row.refuse("所在支部", written, "不是党支部，不能直接编入党员。请填写具体支部。")

    def find_double(self, row: Any) -> None:
        """Refuse the second row of one person: same number or identity number, or same name and birth in one branch."""
        keys = [(k, row.values[k]) for k in ("number", "identity") if row.values.get(k)]
        for key, value in keys:
            first = self.seen.get((key, value))
            if first is not None:
                label = {"number": "党员编号", "identity": "身份证号"}[key]
                place = f"工作表“{first.sheet}”第{first.number}行（{first.values['where']}）"
                row.refuse(label, value if key == "number" else f"{value[:3]}***{value[-2:]}", f"与{place}重复，一人只能在一个支部。请核对后删除一行。")
                return
            self.seen[(key, value)] = row
        same = (row.values["name"], row.values["branch_key"])
        first = self.namesakes.setdefault(same, row)
        if first is not row and not (distinct(first, row)):
            row.refuse("姓名", row.values["name"], f"与第{first.number}行同名同支部，无法区分是否同一人。请补填身份证号、党员编号或出生年月。")

    def find(self, row: Any) -> Member | None:
        """The person on the roll: by number, then identity number, then name and birth in the branch; refuses where it would be a guess."""
        number, identity = row.values.get("number", ""), row.values.get("identity", "")
        if number and (person := self.by_number.get(number)):
            if person.name != row.values["name"] and identity and person.identity_index not in ("", blind_index(identity, "member.identity")):
                row.refuse("党员编号", number, f"名册中该编号是“{person.name}”，与本行不是同一人。请核对编号。")
            return person
        if identity and (person := self.by_identity.get(blind_index(identity, "member.identity"))):
            return person
        if (number and Member.objects.filter(number=number).exists()) or (
            identity and Member.objects.on_roll().filter(identity_index=blind_index(identity, "member.identity")).exists()
        ):
            row.refuse("党员编号" if number else "身份证号", number or f"{identity[:3]}***{identity[-2:]}", "已登记在本级范围以外的党组织。请先办理组织关系转接。")
            return None
        candidates = [
            p
            for p in self.by_person.get((row.values["name"], row.values["branch_key"]), [])
            if not (number and p.number) and not (identity and p.identity_index)
        ]
        born = row.values.get("born", "")
        fitting = [p for p in candidates if not born or not p.born or p.born.startswith(born) or born.startswith(p.born)]
        if len(fitting) > 1:
            row.refuse("姓名", row.values["name"], "该支部有多名同名党员，无法确定是哪一位。请补填党员编号或身份证号。")
            return None
        return fitting[0] if fitting else None


def distinct(one: Any, other: Any) -> bool:
    """Whether two rows of one name in one branch are certainly two people."""
    return any(
        one.values.get(key) and other.values.get(key) and one.values[key] != other.values[key]
        for key in ("identity", "number", "born")
    )
