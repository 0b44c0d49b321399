"""The web: what browsers, clients and monitoring ask over HTTP."""
