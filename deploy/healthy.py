"""The image's health check of the web server: asks it on this machine, under the site's own name."""

import os
import sys
import urllib.request
from urllib.parse import urlsplit

site = urlsplit(os.environ.get("SITE_URL", "http://localhost"))
url = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/health/live"
headers = {"Host": site.netloc, "X-Forwarded-Proto": site.scheme}
try:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=4) as answer:
        sys.exit(answer.status != 200)
except OSError as trouble:
    sys.exit(f"{url}: {trouble}")
