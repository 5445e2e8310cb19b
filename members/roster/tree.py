"""The organisations of one subtree, ready to be looked things up in while a file is compared with them."""

import re
import unicodedata
from functools import cache

from members.models import Organization
from members.roster import values
from members.roster.rows import CHANGED, CREATED, UNCHANGED, Row

NUMERALS = "零一二三四五六七八九"
LOWEST = {*Organization.BRANCH_KINDS, Organization.Kind.GROUP}
COMPARED: dict[str, dict[str, str]] = {
    "name": {},
    "kind": values.KIND,
    "sector": values.SECTOR,
    "condition": values.CONDITION,
}
LABELS = {"name": "名称", "kind": "组织类型", "sector": "领域", "condition": "组织状态"}


@cache
def plain(name: str) -> str:
    """A name for comparison: without spaces, brackets and digits of one kind."""
    return "".join(unicodedata.normalize("NFKC", name).split())


@cache
def short(name: str) -> str:
    """What abbreviations leave of a name: 中共青岚区机关第1党支部委员会 → 青岚区机关一支部."""
    text = re.sub("中国共产党|中共", "", plain(name))
    text = re.sub("委员会$", "委", re.sub("总?支部委员会$", lambda m: m[0][:-3].replace("总支部", "总支"), text))
    text = re.sub(r"\d{1,2}", lambda m: numeral(int(m[0])), text)
    return re.sub("第(?=[一二三四五六七八九十])|党(?=支部|总支|委|工委|小组)", "", text)


def numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    ten = "" if not tens else "十" if tens == 1 else f"{NUMERALS[tens]}十"
    return f"{ten}{NUMERALS[ones] if ones or not tens else ''}"


def contains(longer: str, part: str) -> bool:
    """Whether ``part`` stands in ``longer``, its number being the whole number there (十一支部 has no 一支部)."""
    guard = "(?<![一二三四五六七八九十])" if part[:1] in "一二三四五六七八九十" else ""
    return re.search(guard + re.escape(part), longer) is not None


class Tree:
    """Organisations under ``root`` as they are, and those that the file itself adds."""

    def __init__(self, root: Organization) -> None:
        self.root = root
        self.known = {o.code: o for o in Organization.objects.under(root)}
        by_path = {o.path: o.code for o in self.known.values()}
        self.parents = {o.code: by_path.get(o.path[: -o.steplen], "") for o in self.known.values()}
        self.names: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.by_name: dict[str, list[str]] = {}
        self.siblings: dict[tuple[str, str], str] = {}
        self.found: dict[str, list[str]] = {}
        for code, organization in self.known.items():
            self.know(code, organization.name, organization.kind, self.parents[code])

    def know(self, code: str, name: str, kind: str, parent: str) -> None:
        self.names[code], self.kinds[code] = name, kind
        if code not in self.by_name.setdefault(plain(name), []):
            self.by_name[plain(name)].append(code)
        self.siblings[parent, plain(name)] = code

    def settle(self, row: Row, parent: Row | None) -> None:
        """Match by code, or by an unmistakable name where there is no code; what is new needs a free name."""
        name, code = row.values.get("name", ""), row.values.get("code", "")
        written = row.values.get("parent") or row.values.get("parent_code", "")
        row.values["where"] = written
        if row.is_refused:
            return
        above = self.parent_key(row, parent)
        if row.is_refused:
            return
        row.values["where"] = "" if code == self.root.code else self.names.get(above, "")
        known = self.known.get(code) or (None if code else self.same_name(name, above if written else ""))
        if known is None:
            self.settle_new(row, name, code, above)
            return
        row.target, row.values["code"] = known.pk, known.code
        here = self.parents[known.code]
        if written and here and above != here:
            there = self.names[here]
            row.refuse("parent", written, f"系统中它的上级是“{there}”。导入不改变隶属关系，请核对后改正。")
            return
        self.compare(row, known)

    def compare(self, row: Row, known: Organization) -> None:
        for key, shown in COMPARED.items():
            new, old = row.values.get(key, ""), getattr(known, key)
            if new and new != old:
                row.changes.append((LABELS[key], shown.get(old, old), shown.get(new, new)))
        row.outcome = CHANGED if row.changes else UNCHANGED
        self.know(known.code, row.values["name"], row.values.get("kind") or known.kind, self.parents[known.code])

    def settle_new(self, row: Row, name: str, code: str, above: str) -> None:
        twin = self.siblings.get((above, plain(name)))
        if plain(name) == plain(self.root.name):
            twin = self.root.code
        if twin is not None:
            reason = f"同一上级下已有“{name}”（编码 {twin}）。"
            row.refuse("code", code, f"{reason}若是同一个组织，请改用该编码；若不是，请改名。")
        elif not code:
            row.refuse("code", "", "新组织须有编码。请补填（以后用它识别这个组织）。")
        elif self.kinds.get(above) in LOWEST and row.values["kind"] != Organization.Kind.GROUP:
            row.refuse("parent", self.names[above], "党支部下面只能有党小组。请核对上级组织。")
        elif Organization.objects.filter(code=code).exists():
            row.refuse("code", code, "该编码已被本级范围以外的组织使用。请核对编码。")
        else:
            row.values["parent_key"] = above
            row.outcome = CREATED
            shown = [labels.get(row.values.get(key, ""), "") for key, labels in COMPARED.items() if labels]
            row.facts = [f"编码 {code}", *filter(None, shown)]
            self.know(code, name, row.values["kind"], above)

    def same_name(self, name: str, above: str) -> Organization | None:
        """An organisation of that name (under ``above``, where it is given), if there is just one."""
        codes = [c for c in self.by_name.get(plain(name), []) if not above or self.parents.get(c) == above]
        return self.known.get(codes[0]) if len(codes) == 1 else None

    def parent_key(self, row: Row, parent: Row | None) -> str:
        key = "parent_code" if row.values.get("parent_code") else "parent"
        written = row.values.get(key, "")
        if not written or row.values.get("code") == self.root.code:
            return self.root.code
        if parent is not None:
            if parent.is_refused:
                row.refuse(key, written, f"上级组织所在的第{parent.number}行被拒绝。请先更正那一行。")
            return str(parent.values.get("code", ""))
        return self.lookup(row, key, written, branches=False)

    def lookup(self, row: Row, key: str, written: str, *, branches: bool) -> str:
        """Code of the organisation that ``written`` names: by code, name, or an unmistakable abbreviation."""
        if written in self.names:
            return written
        # Organisations are still being added while parents are looked up; branches of members come after them all.
        if not branches or written not in self.found:
            self.found[written] = self.candidates(written, branches)
        codes = self.found[written]
        if len(codes) == 1:
            name = self.names[codes[0]]
            if plain(name) != plain(written):
                row.notes.append(f"“{written}”认作“{name}”")
            return codes[0]
        if codes:
            options = "、".join(f"{self.names[c]}（{c}）" for c in codes[:4]) + ("等" if len(codes) > 4 else "")
            row.refuse(key, written, f"可能是{options}，无法确定。请填写全称或组织编码。")
        else:
            row.refuse(key, written, f"在“{self.root.name}”范围内没有这个组织。请核对名称，或先导入组织。")
        return ""

    def candidates(self, written: str, branches: bool) -> list[str]:
        fitting = [c for c, kind in self.kinds.items() if not branches or kind in Organization.BRANCH_KINDS]
        exact = [c for c in fitting if plain(self.names[c]) == plain(written)]
        if exact or (other := self.by_name.get(plain(written), [])):
            return exact or other
        wanted = short(written)
        equal = [c for c in fitting if short(self.names[c]) == wanted]
        return equal or [c for c in fitting if len(wanted) >= 2 and contains(short(self.names[c]), wanted)]

    def forget(self) -> None:
        """All organisations are settled: what was looked up on the way may have another answer now."""
        self.found.clear()

    def place(self, row: Row) -> None:
        """Find the branch of a member's row; where it has name and code, both must lead to the same one."""
        given = [key for key in ("branch_code", "branch") if row.values.get(key)]
        if not given and not self.root.is_branch:
            row.refuse("branch", "", "不能为空。请填写支部名称或编码；合并单元格在 .csv 和 .ods 中只剩第一行，请填满。")
            return
        found = [self.lookup(row, key, row.values[key], branches=True) for key in given] or [self.root.code]
        if row.is_refused:
            return
        if len(set(found)) > 1:
            row.refuse("branch", row.values["branch"], f"与支部编码所指的“{self.names[found[0]]}”不一致。请核对。")
            return
        row.values["where"], row.values["branch_key"] = self.names[found[0]], found[0]
        if self.kinds[found[0]] not in Organization.BRANCH_KINDS:
            row.refuse(given[0], row.values[given[0]], "不是党支部，不能直接编入党员。请填写具体支部。")
