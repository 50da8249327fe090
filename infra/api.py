"""The HTTP API: routes to functions, behind an authorizer of our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from referral_core.entrypoints.http.route import SCOPES
from referral_core.entrypoints.http.route_table import FALLBACK
from referral_core.entrypoints.http.route_table import ROUTES as TABLE
from referral_core.entrypoints.http.tokens.documents import TOKEN_ROUTES

SLASHED: Final = "$default"
"""What no other route takes: a path with a slash at its end, say.

API Gateway allows no route that ends so, and whether a greedy one takes an empty rest it does not
say. Such a request is sent on to the path without the slash, which needs no token.
"""
ROUTES: Final[Mapping[str, str]] = {
    **{route.key: route.function for route in TABLE},
    # Everything else under /fhir is answered with an OperationOutcome, unknown paths included.
    "ANY /fhir": FALLBACK,
    "ANY /fhir/{proxy+}": FALLBACK,
    SLASHED: FALLBACK,
    **dict.fromkeys(TOKEN_ROUTES, "issue_token"),
    "GET /console": "serve_console",
    "GET /console/{proxy+}": "serve_console",
}
PAGES: Final = frozenset(key for key, function in ROUTES.items() if function == "serve_console")
"""The console's page and assets: what they show they read as the person who signed in."""
PUBLIC: Final = (
    PAGES | {SLASHED, *TOKEN_ROUTES} | {route.key for route in TABLE if route.scope is None}
)
_RESOURCE_SERVER: Final = "referrals"

_ACCESS_LOG = (
    '{"requestId":"$context.requestId","ip":"$context.identity.sourceIp",'
    '"requestTime":"$context.requestTime","routeKey":"$context.routeKey",'
    '"clientId":"$context.authorizer.client_id","tenant":"$context.authorizer.tenant",'
    '"status":"$context.status","responseLength":"$context.responseLength",'
    '"integrationLatency":"$context.integrationLatency","error":"$context.error.message"}'
)


class Api(Construct):
    """The API, its user pool and its access log."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Mapping[str, lambda_.Function],
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self.user_pool = self._user_pool()
        self.domain = self.user_pool.add_domain(
            "TokenDomain",
            cognito_domain=cognito.CognitoDomainOptions(
                domain_prefix=f"referral-router-{Aws.ACCOUNT_ID}"
            ),
            managed_login_version=cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
        )
        region = Stack.of(self).region
        self.issuer = f"https://cognito-idp.{region}.amazonaws.com/{self.user_pool.user_pool_id}"
        self.console = self._console()
        self.http_api = apigw.HttpApi(
            self,
            "HttpApi",
            api_name="referral-router",
            create_default_stage=False,
            default_authorizer=self._authorizer(functions["authorize_client"]),
        )
        self._console_at(self.http_api.api_endpoint)
        # One a function, not one a route: a stack may have five hundred resources.
        behind = {
            name: integrations.HttpLambdaIntegration(
                f"{name}Integration",
                functions[name],
                # Nor one permission a route: the API decides what leads where, its routes are ours.
                scope_permission_to_route=False,
            )
            for name in dict.fromkeys(ROUTES.values())
        }
        for route, name in ROUTES.items():
            self._route(route, behind[name])
        self._stage(key)

    def _route(self, route: str, integration: apigw.HttpRouteIntegration) -> None:
        no_token = apigw.HttpNoneAuthorizer() if route in PUBLIC else None
        if route == SLASHED:  # it has neither method nor path
            apigw.HttpRoute(
                self,
                "Slashed",
                http_api=self.http_api,
                route_key=apigw.HttpRouteKey.DEFAULT,
                integration=integration,
                authorizer=no_token,
            )
            return
        method, path = route.split(" ")
        self.http_api.add_routes(
            path=path,
            methods=[apigw.HttpMethod(method)],
            integration=integration,
            authorizer=no_token,
        )

    def _user_pool(self) -> cognito.UserPool:
        pool = cognito.UserPool(
            self,
            "Clients",
            self_sign_up_enabled=False,
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            mfa=cognito.Mfa.REQUIRED,
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
            password_policy=cognito.PasswordPolicy(
                min_length=14,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
            ),
            removal_policy=RemovalPolicy.RETAIN,
        )
        self._scopes = [
            cognito.ResourceServerScope(
                scope_name=scope.removeprefix(f"{_RESOURCE_SERVER}/"), scope_description=text
            )
            for scope, text in SCOPES.items()
        ]
        self._server = pool.add_resource_server(
            "Scopes", identifier=_RESOURCE_SERVER, scopes=self._scopes
        )
        return pool

    def _console(self) -> cognito.UserPoolClient:
        """Return the app client with which people sign in: a code with PKCE, and no secret."""
        scopes = [cognito.OAuthScope.resource_server(self._server, s) for s in self._scopes]
        client = self.user_pool.add_client(
            "Console",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_srp=True),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID, *scopes],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            access_token_validity=Duration.minutes(60),
            refresh_token_validity=Duration.hours(12),
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
        )
        cognito.CfnManagedLoginBranding(
            self,
            "SignInPage",
            user_pool_id=self.user_pool.user_pool_id,
            client_id=client.user_pool_client_id,
            use_cognito_provided_values=True,
        )
        return client

    def _console_at(self, endpoint: str) -> None:
        """Let the pool send people back to the console and nowhere else."""
        client = self.console.node.default_child
        if isinstance(client, cognito.CfnUserPoolClient):
            client.callback_ur_ls = client.logout_ur_ls = [f"{endpoint}/console"]

    def _authorizer(self, function: lambda_.IFunction) -> authorizers.HttpLambdaAuthorizer:
        """Return what says who calls: kept for a minute, so that a revoked client is soon none."""
        return authorizers.HttpLambdaAuthorizer(
            "Clients",
            function,
            authorizer_name="clients",
            response_types=[authorizers.HttpLambdaResponseType.SIMPLE],
            results_cache_ttl=Duration.seconds(60),
            identity_source=["$request.header.Authorization"],
        )

    def _stage(self, key: kms.IKey) -> None:
        access_log = logs.LogGroup(
            self,
            "AccessLog",
            encryption_key=key,
            retention=logs.RetentionDays.ONE_YEAR,
            removal_policy=RemovalPolicy.RETAIN,
        )
        stage = apigw.CfnStage(
            self,
            "Stage",
            api_id=self.http_api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigw.CfnStage.AccessLogSettingsProperty(
                destination_arn=access_log.log_group_arn, format=_ACCESS_LOG
            ),
            default_route_settings=apigw.CfnStage.RouteSettingsProperty(
                throttling_burst_limit=1000,
                throttling_rate_limit=500,
                detailed_metrics_enabled=False,
            ),
        )
        stage.node.add_dependency(self.http_api)
