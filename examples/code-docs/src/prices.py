"""Prices of the shop. All amounts are whole cents."""

VAT_PERCENT = 20


def add_vat(net):
    """The gross price of a net price, rounded half up to a whole cent."""
    return (net * (100 + VAT_PERCENT) + 50) // 100


def in_words(cents):
    """An amount as customers read it, such as 12.50."""
    return f"{cents // 100}.{cents % 100:02}"


def _check(cents):
    if cents < 0:
        raise ValueError("a price is never negative")
