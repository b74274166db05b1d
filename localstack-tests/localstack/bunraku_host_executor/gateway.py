"""LocalStack's gateway on the address it is told to listen on.

LocalStack 4.14.0 reads the host of GATEWAY_LISTEN, and then binds every IPv4 address of the machine.
"""

from localstack import config
from localstack.runtime.server.twisted import TwistedRuntimeServer
from rolo.gateway import Gateway
from rolo.serving.twisted import TwistedGateway
from twisted.internet import endpoints, reactor


class LoopbackRuntimeServer(TwistedRuntimeServer):
    """The usual server, over plain HTTP and bound to the hosts of GATEWAY_LISTEN alone."""

    def register(
        self,
        gateway: Gateway,
        listen: list[config.HostAndPort],
        ssl_creds: tuple[str, str] | None = None,
    ) -> None:
        site = TwistedGateway(gateway)
        for address in listen:
            endpoints.TCP4ServerEndpoint(reactor, address.port, interface=address.host).listen(site)
