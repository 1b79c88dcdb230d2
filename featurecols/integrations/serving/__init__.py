"""Models and plans over HTTP: the REST of TensorFlow Serving, as `featurecols serve` runs it (needs uvicorn).

from featurecols.integrations.serving import App, Limits, Settings, serve

serve(Settings({"late": Path("exports/late")}, port=8501))   # until SIGTERM or Ctrl-C
app = App({"late": Path("exports/late")})                    # an ASGI application, for another server
"""

from featurecols.integrations.serving.app import App
from featurecols.integrations.serving.limits import Limits
from featurecols.integrations.serving.server import serve
from featurecols.integrations.serving.settings import Settings

__all__ = ["App", "Limits", "Settings", "serve"]
