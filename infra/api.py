"""The HTTP API: routes to functions, behind a Cognito user pool's tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aws_cdk import Aws, CfnParameter, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from referral_core.entrypoints.http.route_table import FALLBACK, SCOPES
from referral_core.entrypoints.http.route_table import ROUTES as TABLE

ROUTES: Final[Mapping[str, str]] = {
    **{route.key: route.function for route in TABLE},
    # Everything else under /fhir is answered with an OperationOutcome, unknown paths included.
    "ANY /fhir": FALLBACK,
    "ANY /fhir/{proxy+}": FALLBACK,
}
PUBLIC: Final = frozenset(route.key for route in TABLE if route.scope is None)
_RESOURCE_SERVER: Final = "referrals"

_ACCESS_LOG = (
    '{"requestId":"$context.requestId","ip":"$context.identity.sourceIp",'
    '"requestTime":"$context.requestTime","routeKey":"$context.routeKey",'
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
        )
        self.http_api = apigw.HttpApi(
            self,
            "HttpApi",
            api_name="referral-router",
            create_default_stage=False,
            default_authorizer=self._authorizer(),
        )
        for route, name in ROUTES.items():
            method, path = route.split(" ")
            self.http_api.add_routes(
                path=path,
                methods=[apigw.HttpMethod(method)],
                integration=integrations.HttpLambdaIntegration(
                    f"{name}Integration", functions[name]
                ),
                authorizer=apigw.HttpNoneAuthorizer() if route in PUBLIC else None,
            )
        self._stage(key)

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
        pool.add_resource_server(
            "Scopes",
            identifier=_RESOURCE_SERVER,
            scopes=[
                cognito.ResourceServerScope(
                    scope_name=scope.removeprefix(f"{_RESOURCE_SERVER}/"), scope_description=text
                )
                for scope, text in SCOPES.items()
            ],
        )
        return pool

    def _authorizer(self) -> authorizers.HttpJwtAuthorizer:
        region = Stack.of(self).region
        issuer = f"https://cognito-idp.{region}.amazonaws.com/{self.user_pool.user_pool_id}"
        client_ids = CfnParameter(
            self,
            "ClientIds",
            type="CommaDelimitedList",
            default="none-onboarded-yet",
            description="App client ids that may call the API: the audiences of its tokens",
        )
        client_ids.override_logical_id("ClientIds")
        return authorizers.HttpJwtAuthorizer(
            "Tokens",
            issuer,
            # A client-credentials token names its client instead of an audience, and the
            # authorizer compares that; what the client may do its principal item says.
            jwt_audience=client_ids.value_as_list,
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
