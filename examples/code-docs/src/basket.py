"""The basket of one customer."""

from prices import add_vat


class Basket:
    """Articles with their quantities. The same article is kept once."""

    def __init__(self):
        self._lines = {}

    def put(self, article, net, quantity=1):
        """Adds a quantity of an article to the basket."""
        old = self._lines.get(article, (net, 0))
        self._lines[article] = (net, old[1] + quantity)

    def total(self):
        """The gross total of the basket in cents."""
        return sum(add_vat(net) * quantity for net, quantity in self._lines.values())
