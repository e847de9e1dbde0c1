"""`make book`: run the chapters, gather the evidence, build the site."""
