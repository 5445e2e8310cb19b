"""Identity numbers: how the old and the new number of one person are found to be equal, and how numbers are shown."""

from stdnum.cn import ric

from portal.ciphers import blind_index


def canonical(number: str) -> str:
    """The 18-digit form of an identity number, in which the old and the new number of one person are equal."""
    if len(number) != 15:
        return number
    longer = f"{number[:6]}19{number[6:]}0"
    return longer[:-1] + ric.calc_check_digit(longer)


def identity_index(number: str) -> str:
    """The blind index of a number in its 18-digit form; empty for none."""
    return blind_index(canonical(number), "member.identity")


def mask_identity(number: str) -> str:
    """First three and last two characters; of anything shorter, none."""
    return f"{number[:3]}{'*' * (len(number) - 5)}{number[-2:]}" if len(number) > 5 else "*" * len(number)


def mask_phone(number: str) -> str:
    """First three and last two digits, without telling how many lie between."""
    return f"{number[:3]}****{number[-2:]}" if number else ""
