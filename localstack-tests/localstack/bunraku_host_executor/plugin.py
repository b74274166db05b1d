"""The entry points of pyproject.toml. Each imports what it stands for only when it is chosen."""

from localstack.runtime import hooks
from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class HostExecutorPlugin(RuntimeExecutorPlugin):
    """LAMBDA_RUNTIME_EXECUTOR=host"""

    name = "host"

    def load(self, *_: object, **__: object) -> type:
        from .executor import HostRuntimeExecutor

        return HostRuntimeExecutor


class LoopbackServerPlugin(RuntimeServerPlugin):
    """GATEWAY_SERVER=loopback"""

    name = "loopback"

    def load(self, *_: object, **__: object) -> RuntimeServer:
        from .gateway import LoopbackRuntimeServer

        return LoopbackRuntimeServer()


@hooks.on_infra_start()
def steady_environments() -> None:
    """Run at LocalStack's start."""
    from .environments import make_steady

    make_steady()
