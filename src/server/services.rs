//! The gRPC services of a server, and the layers that every call goes through.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tonic::codegen::http::HeaderValue;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_web::GrpcWebLayer;
use tower::layer::util::Stack;

use crate::clock::SystemClock;
use crate::config::{Reflection, ServiceLimits};
use crate::files::Files;
use crate::grpc::pb::message_bus_server::MessageBusServer;
use crate::grpc::pb::storage_server::StorageServer;
use crate::grpc::{DESCRIPTORS, Gate, MessageBusService, ServerFacts, StorageService};
use crate::limits as standard;

use super::ServeError;
use super::authentication::AuthenticationLayer;
use super::calls::CallsLayer;
use super::draining::DrainingLayer;
use super::oversize::OversizeLayer;
use super::web::{self, PageLayer, ProgramLayers, WebLayers};

/// What the services are made of.
pub(super) struct Services {
    pub(super) files: Arc<Files>,
    pub(super) clock: Arc<SystemClock>,
    pub(super) gate: Gate,
    pub(super) limits: ServiceLimits,
    pub(super) reflection: Reflection,
}

impl Services {
    /// Makes the routes of all services.
    ///
    /// # Errors
    /// Never, unless the descriptors are broken.
    pub(super) fn routes(
        self,
        facts: ServerFacts,
        draining: &CancellationToken,
        health: HealthServer<impl Health>,
    ) -> Result<Routes, ServeError> {
        let Self { files, clock, gate, limits, reflection } = self;
        let token = draining.clone();
        let bus =
            MessageBusService::new(Arc::clone(&files), clock.clone(), gate.clone(), limits, token);
        let bus = MessageBusServer::new(bus)
            .max_decoding_message_size(limits.request_bytes_max)
            .max_encoding_message_size(usize::MAX);
        let (token, upload_idle) = (draining.clone(), limits.upload_idle_timeout);
        let storage = StorageService::new(files, clock, facts, gate, upload_idle, token);
        let storage = StorageServer::new(storage)
            .max_decoding_message_size(limits.request_bytes_max)
            .max_encoding_message_size(usize::MAX);
        let mut routes = Routes::builder();
        routes.add_service(bus).add_service(storage).add_service(health);
        if reflection != Reflection::Off {
            routes.add_service(reflected().build_v1()?).add_service(reflected().build_v1alpha()?);
        }
        Ok(routes.routes())
    }
}

/// What reflection tells of.
fn reflected() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        // So that grpcurl can show the details of an error.
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}

/// What every call of a listener goes through, outermost first.
pub(super) struct ServiceLayers {
    pub(super) limits: ServiceLimits,
    pub(super) pages: PageLayer,
    pub(super) calls: CallsLayer,
    pub(super) authentication: AuthenticationLayer,
    pub(super) draining: DrainingLayer,
}

impl ServiceLayers {
    /// A listener for programs alone.
    pub(super) fn for_programs(&self) -> Server<Layers<ProgramLayers>> {
        self.on(settings(&self.limits).layer(self.pages.clone()))
    }

    /// A listener that pages of these origins may call, too.
    pub(super) fn for_pages(&self, origins: &[HeaderValue]) -> Server<Layers<WebLayers>> {
        let settings = settings(&self.limits)
            // Without TLS, browsers speak nothing newer.
            .accept_http1(true)
            .layer(self.pages.clone())
            .layer(web::cors(origins))
            .layer(GrpcWebLayer::new());
        self.on(settings)
    }

    /// Adds the layers that every listener has.
    fn on<L>(&self, settings: Server<L>) -> Server<Layers<L>> {
        settings
            .layer(self.calls.clone())
            .layer(self.authentication.clone())
            .layer(OversizeLayer)
            .layer(self.draining.clone())
    }
}

pub(super) type Layers<L> =
    Stack<DrainingLayer, Stack<OversizeLayer, Stack<AuthenticationLayer, Stack<CallsLayer, L>>>>;

/// The settings of one listener.
fn settings(limits: &ServiceLimits) -> Server {
    Server::builder()
        .max_concurrent_streams(limits.connection_streams_max)
        // A client that pipelines small calls is answered with small frames. The h2
        // library takes too many of them waiting in one stream for an attack, by a
        // measure that grows with the connection's window: so the stream's is small.
        .initial_stream_window_size(standard::STREAM_WINDOW_BYTES)
        .initial_connection_window_size(standard::CONNECTION_WINDOW_BYTES)
        .max_frame_size(standard::FRAME_BYTES_MAX)
        .http2_max_header_list_size(limits.request_header_bytes_max)
        .http2_max_pending_accept_reset_streams(Some(standard::PENDING_RESETS_MAX))
        .http2_max_local_error_reset_streams(Some(standard::ERROR_RESETS_MAX))
        .http2_keepalive_interval(Some(limits.keepalive_interval))
        .http2_keepalive_timeout(Some(limits.keepalive_timeout))
}
