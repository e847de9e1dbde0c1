"""What the book shows once it has a public address, and never before.

``public_site`` (where the pages are) gives canonical links and cards for
whoever shares a page; `tools.book.site` adds the map of the site.
``public_repository`` gives the buttons that propose a change or report a
mistake, and with both, those that open a chapter in Colab or Binder.
"""

from markupsafe import escape


def use_addresses(app, config):
    for name in ("public_site", "public_repository"):
        address = config[name]
        if address and not address.startswith("https://"):
            raise ValueError(f"_config.yml: {name}: {address!r} does not "
                             "begin with https://")
    if config.public_site:
        config.public_site = config.public_site.rstrip("/") + "/"
        config.html_baseurl = config.public_site
    if config.public_repository:
        config.html_theme_options |= {
            "repository_url": config.public_repository,
            "repository_branch": config.public_branch,
            "use_repository_button": True,
            "use_edit_page_button": True,
            "use_issues_button": True,
        }


def card(app, pagename, templatename, context, doctree):
    """What a messenger or a network shows of a shared page."""
    site = app.config.public_site
    if not site or doctree is None:
        return
    facts = {
        "og:type": "website",
        "og:site_name": app.config.html_title,
        "og:title": context["title"],
        "og:description": context.get("description", ""),
        "og:url": f"{site}{pagename}.html",
        "og:image": f"{site}_static/loop.png",
    }
    context["metatags"] = context.get("metatags", "") + "".join(
        f'<meta property="{name}" content="{escape(value)}">\n'
        for name, value in facts.items()
    ) + '<meta name="twitter:card" content="summary_large_image">\n'


def setup(app):
    app.add_config_value("public_site", "", "env")
    app.add_config_value("public_repository", "", "env")
    app.add_config_value("public_branch", "main", "env")
    app.connect("config-inited", use_addresses)
    app.connect("html-page-context", card, priority=600)
    return {"version": "1", "parallel_read_safe": True}
