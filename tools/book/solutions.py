"""In a book that is printed or read offline, solutions stand at the end."""

from bs4 import BeautifulSoup


def taken_out(articles):
    """The solutions of these articles, in their order, as an article."""
    end = BeautifulSoup(
        '<article class="bd-article" id="solutions"><h1>Solutions</h1>'
        "</article>", "html.parser").article
    for part in articles:
        moved = part.select("div.solution")
        if moved:
            head = BeautifulSoup("<h2></h2>", "html.parser").h2
            head.string = part.h1.get_text(" ", strip=True)
            end.append(head)
        for solution in moved:
            end.append(solution.extract())
    return end
