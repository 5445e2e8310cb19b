"""The organisations of one subtree, ready to be looked things up in while a file is compared with them."""

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate

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
OPTIONS = 4


@lru_cache(maxsize=200_000)
def plain(name: str) -> str:
    """A name for comparison: without spaces, brackets and digits of one kind."""
    return "".join(unicodedata.normalize("NFKC", name).split())


@lru_cache(maxsize=200_000)
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


class Names:
    """Organisations of one sort by their names, whole, short, or a part of the short one."""

    def __init__(self, names: dict[str, str]) -> None:
        """``names``: code → name."""
        self.whole: dict[str, list[str]] = {}
        self.shortened: dict[str, list[str]] = {}
        for code, name in names.items():
            self.whole.setdefault(plain(name), []).append(code)
            self.shortened.setdefault(short(name), []).append(code)
        # All short names as one text: one search in it is quicker than one search in each of them.
        self.order = list(self.shortened)
        self.text = "\n".join(self.order)
        self.starts = [0, *accumulate(len(name) + 1 for name in self.order)]

    def find(self, written: str) -> list[str]:
        """Codes of those that ``written`` may mean: the whole name before the short one before a part of it."""
        wanted = short(written)
        return self.whole.get(plain(written)) or self.shortened.get(wanted) or self.with_part(wanted)

    def with_part(self, part: str) -> list[str]:
        """Those in whose short name ``part`` stands, its number being the whole number there (十一支部 has no 一支部)."""
        if len(part) < 2:
            return []
        guard = "(?<![一二三四五六七八九十])" if part[0] in "一二三四五六七八九十" else ""
        hits = (found.start() for found in re.finditer(guard + re.escape(part), self.text))
        names = dict.fromkeys(self.order[bisect_right(self.starts, hit) - 1] for hit in hits)
        return [code for name in names for code in self.shortened[name]]


class Tree:
    """Organisations under ``root`` as they are, and those that the file itself adds."""

    def __init__(self, root: Organization) -> None:
        self.root = root
        self.known = {o.code: o for o in Organization.objects.under(root)}
        self.closed = {o.code for o in self.known.values() if o.closed_on}
        by_path = {o.path: o.code for o in self.known.values()}
        self.parents = {o.code: by_path.get(o.path[: -o.steplen], "") for o in self.known.values()}
        self.names: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.siblings: dict[tuple[str, str], str] = {}
        self.by_name: dict[str, list[str]] = {}
        self.found: dict[tuple[str, ...], tuple[str, str, str, str]] = {}
        self.index: dict[bool, Names] = {}
        for code, organization in self.known.items():
            self.know(code, organization.name, organization.kind, self.parents[code])

    def know(self, code: str, name: str, kind: str, parent: str) -> None:
        self.names[code], self.kinds[code], self.parents[code] = name, kind, parent
        if code not in self.by_name.setdefault(plain(name), []):
            self.by_name[plain(name)].append(code)
        self.siblings[parent, plain(name)] = code

    def settle(self, row: Row, parent: Row | None, taken: set[str]) -> None:
        """Match by code, or by an unmistakable name where there is no code; what is new needs a free name and a code not ``taken``."""
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
            self.settle_new(row, name, code, above, taken)
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
            if key == "condition" and new == Organization.Condition.NORMAL != old:
                row.note(f"仍为“{shown[old]}”：恢复正常请在组织页面填写整顿情况后解除")
            elif new and new != old:
                row.change(key, shown.get(old, old), shown.get(new, new))
        row.outcome = CHANGED if row.changes else UNCHANGED
        self.know(known.code, row.values["name"], row.values.get("kind") or known.kind, self.parents[known.code])

    def settle_new(self, row: Row, name: str, code: str, above: str, taken: set[str]) -> None:
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
        elif code in taken:
            row.refuse("code", code, "该编码已被本级范围以外的组织使用。请核对编码。")
        else:
            row.values["parent_key"] = above
            row.outcome = CREATED
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
        if written in self.names:
            return written
        found = self.by_name.get(plain(written)) or self.similar(written)
        kind = row.values.get("kind", "")
        return self.one_of(row, key, written, [code for code in found if self.may_hold(code, kind)] or found)

    def may_hold(self, code: str, kind: str) -> bool:
        """Whether an organisation of this kind may stand right below that one: groups below branches, all others above them."""
        if kind == Organization.Kind.GROUP:
            return self.kinds[code] in Organization.BRANCH_KINDS
        return self.kinds[code] not in LOWEST

    def similar(self, written: str) -> list[str]:
        """Known organisations by abbreviation. Those of the file are found by their row, as parents."""
        if not self.index:
            self.index[False] = Names({code: o.name for code, o in self.known.items()})
        return self.index[False].find(written)

    def one_of(self, row: Row, key: str, written: str, codes: list[str]) -> str:
        """The only code, with a word on what it was taken for; refuses the row where there is none or a choice."""
        code, note, reason = self.answer(written, codes)
        if note:
            row.note(note)
        if reason:
            row.refuse(key, written, reason)
        return code

    def answer(self, written: str, codes: list[str]) -> tuple[str, str, str]:
        """Code, note and reason of refusal."""
        if len(codes) == 1:
            name = self.names[codes[0]]
            return codes[0], "" if plain(name) == plain(written) else f"“{written}”认作“{name}”", ""
        if not codes:
            return "", "", f"在“{self.root.name}”范围内没有这个组织。请核对名称，或先导入组织。"
        options = "、".join(f"{self.place_name(code)}（{code}）" for code in codes[:OPTIONS])
        more = "等" if len(codes) > OPTIONS else ""
        return "", "", f"可能是{options}{more}，无法确定。请填写全称或组织编码。"

    def place_name(self, code: str) -> str:
        """A name, with that of the organisation above where others have the same name."""
        name, above = self.names[code], self.names.get(self.parents.get(code, ""), "")
        return f"{above}{name}" if len(self.by_name.get(plain(name), [])) > 1 else name

    def finish(self) -> None:
        """All organisations are settled: from now on branches are looked up."""
        branches = {c: self.names[c] for c, kind in self.kinds.items() if kind in Organization.BRANCH_KINDS}
        self.index = {True: Names(branches), False: Names(self.names)}

    def place(self, row: Row) -> None:
        """Find the branch of a member's row; the same words are looked up once."""
        said = row.values
        words = tuple(said.get(key, "") for key in ("branch_code", "branch", "unit", "subunit"))
        if row.is_refused and not any(words[:2]):
            return  # its branch could not be read, and that has been said
        answer = self.found.get(words)
        if answer is None:
            answer = self.found[words] = self.branch_of(*words)
        code, note, key, reason = answer
        if code in self.closed:
            key, reason = (
                "branch_code" if said.get("branch_code") else "branch",
                f"“{self.names[code]}”已经撤销。请填写现在所在的支部。",
            )
        if note:
            row.note(note)
        if reason:
            row.refuse(key, said.get(key, ""), reason)
        else:
            said["where"], said["branch_key"] = self.names[code], code

    def branch_of(self, code: str, name: str, *units: str) -> tuple[str, str, str, str]:
        """Code, note, and the field and reason of a refusal. Where a row has code and name, both must lead to the same branch."""
        if not code and not name:
            if self.root.is_branch:
                return self.root.code, "", "", ""
            return "", "", "branch", "所在支部不能为空。请填写支部名称或编码；合并单元格在 .csv 中只剩第一行，请填满。"
        found, notes = [], []
        for key, written in (("branch_code", code), ("branch", name)):
            if written:
                exact = written in self.names
                codes = [written] if exact else self.within(self.candidates(written), units)
                one, note, reason = (written, "", "") if exact else self.answer(written, codes)
                if reason:
                    return "", "", key, reason
                found.append(one)
                notes.append(note)
        key = "branch_code" if code else "branch"
        if len(set(found)) > 1:
            return "", "", "branch", f"与支部编码所指的“{self.names[found[0]]}”不一致。请核对。"
        if self.kinds[found[0]] not in Organization.BRANCH_KINDS:
            return "", "", key, "不是党支部，不能直接编入党员。请填写具体支部。"
        return found[0], "；".join(filter(None, notes)), "", ""

    def candidates(self, written: str) -> list[str]:
        """Branches before other organisations; a whole name of any before an abbreviation."""
        whole = self.index[True].whole.get(plain(written)) or self.by_name.get(plain(written))
        return whole or self.index[True].find(written)

    def within(self, codes: list[str], units: tuple[str, ...]) -> list[str]:
        """Of several, those that lie below the organisations which the row names besides."""
        for unit in filter(None, units):
            if len(codes) > 1:
                tops = {unit} if unit in self.names else set(self.index[False].find(unit))
                codes = [code for code in codes if tops & self.above(code)] or codes
        return codes

    def above(self, code: str) -> set[str]:
        found: set[str] = set()
        while (code := self.parents.get(code, "")) and code not in found:
            found.add(code)
        return found
