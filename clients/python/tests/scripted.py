"""A server of the tests' own, that answers as it is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Mapping, Optional

import grpc
from google.rpc import error_details_pb2, status_pb2

from callboard.v1 import message_bus_pb2, storage_pb2

#: Answers a request, or an iterator of requests.
Behaviour = Callable[[Any, grpc.ServicerContext], Any]

_MODULES = {"MessageBus": message_bus_pb2, "Storage": storage_pb2}


@contextmanager
def serving(
    credentials: Optional[grpc.ServerCredentials] = None, /, **behaviours: Behaviour
) -> Iterator[str]:
    """Serves methods, of both services, and gives the address; over TLS with credentials."""
    server = grpc.server(ThreadPoolExecutor(8))
    for service, module in _MODULES.items():
        methods = module.DESCRIPTOR.services_by_name[service].methods_by_name
        handlers = {
            name: _handler(module, methods[name], behaviour)
            for name, behaviour in behaviours.items()
            if name in methods
        }
        handler = grpc.method_handlers_generic_handler(f"callboard.v1.{service}", handlers)
        server.add_generic_rpc_handlers((handler,))
    if credentials is None:
        address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    else:
        address = f"https://127.0.0.1:{server.add_secure_port('127.0.0.1:0', credentials)}"
    server.start()
    try:
        yield address
    finally:
        server.stop(None).wait()


def refuse(
    context: grpc.ServicerContext,
    code: grpc.StatusCode,
    reason: str = "",
    metadata: Optional[Mapping[str, str]] = None,
    message: str = "as the test wants it",
) -> None:
    """Ends a call with an error as Callboard's."""
    status = status_pb2.Status(code=code.value[0], message=message)
    if reason:
        info = error_details_pb2.ErrorInfo(
            reason=reason, domain="callboard", metadata=dict(metadata or {})
        )
        status.details.add().Pack(info)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, message)


def _handler(module: Any, method: Any, behaviour: Behaviour) -> Any:
    makers: Any = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
    }
    return makers[(method.client_streaming, method.server_streaming)](
        behaviour,
        request_deserializer=getattr(module, method.input_type.name).FromString,
        response_serializer=getattr(module, method.output_type.name).SerializeToString,
    )
