"""Rota's own DocTypes, laid out as an app: `MODULE/doctype/SLUG/SLUG.json`, with a controller beside where one acts."""
