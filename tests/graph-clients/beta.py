"""Microsoft's Python SDK for the beta (msgraph-beta-sdk) over http, with a token of its caller's.

    beta.py calls URL      what a sender's script does, and every error
    beta.py retries URL    of a gateway that throttles: each call succeeds by the SDK's own retries
"""
import asyncio
import sys

from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator, BaseBearerTokenAuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph_beta import GraphRequestAdapter, GraphServiceClient
from msgraph_beta.generated.models.group import Group
from msgraph_beta.generated.models.managed_device_remote_action import ManagedDeviceRemoteAction
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_beta.generated.device_management.managed_devices.execute_action.execute_action_post_request_body import ExecuteActionPostRequestBody
from msgraph_beta.generated.device_management.managed_devices.item.send_custom_notification_to_company_portal.send_custom_notification_to_company_portal_post_request_body import SendCustomNotificationToCompanyPortalPostRequestBody as ToDevice
from msgraph_beta.generated.device_management.managed_devices.managed_devices_request_builder import ManagedDevicesRequestBuilder as Devices
from msgraph_beta.generated.device_management.send_custom_notification_to_company_portal.send_custom_notification_to_company_portal_post_request_body import SendCustomNotificationToCompanyPortalPostRequestBody as ToGroups

# Known before, so that what is asked is the same in each run.
GROUP = "22222222-0000-4000-8000-000000000001"


class Token(AccessTokenProvider):
    def __init__(self, token): self.token = token
    async def get_authorization_token(self, uri, additional_authentication_context={}): return self.token
    def get_allowed_hosts_validator(self): return AllowedHostsValidator([])

def client(url, token):
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(Token(token)))
    adapter.base_url = url + "/beta"
    return GraphServiceClient(request_adapter=adapter)

async def error(call, status, code):
    try:
        await call
    except ODataError as error:
        assert (error.response_status_code, error.error.code) == (status, code), error
        assert error.error.inner_error.request_id, error
        return
    raise AssertionError(f"{code} was expected")

async def calls(url):
    graph = client(url, "sdk-token")
    devices = graph.device_management.managed_devices
    query = Devices.ManagedDevicesRequestBuilderGetQueryParameters(top=2, orderby=["deviceName"])
    first = await devices.get(request_configuration=RequestConfiguration(query_parameters=query))
    assert [one.device_name for one in first.value] == ["iPad", "iPhone"], first
    second = await devices.with_url(first.odata_next_link).get()
    assert [one.device_name for one in second.value] == ["Pixel"] and second.odata_next_link is None, second
    query = Devices.ManagedDevicesRequestBuilderGetQueryParameters(filter="operatingSystem eq 'Android'")
    (pixel,) = (await devices.get(request_configuration=RequestConfiguration(query_parameters=query))).value
    assert (await devices.by_managed_device_id(pixel.id).get()).user_principal_name == "adele@contoso.example"
    text = dict(notification_title="Office closed", notification_body="Work from home.")
    assert await devices.by_managed_device_id(pixel.id).send_custom_notification_to_company_portal.post(ToDevice(**text)) is None
    group = Group(id=GROUP, display_name="Sales", additional_data={"members@odata.bind": ["https://graph.microsoft.com/v1.0/users/adele@contoso.example"]})
    group = await graph.groups.post(group)
    assert [one.user_principal_name for one in (await graph.groups.by_group_id(group.id).members.get()).value] == ["adele@contoso.example"]
    assert await graph.device_management.send_custom_notification_to_company_portal.post(ToGroups(groups_to_notify=[group.id], **text)) is None
    bulk = ExecuteActionPostRequestBody(action_name=ManagedDeviceRemoteAction.CustomTextNotification, device_ids=[pixel.id, "nobody"], **text)
    result = await devices.execute_action.post(bulk)
    assert (result.successful_device_ids, result.not_found_device_ids) == ([pixel.id], ["nobody"]), result
    await error(devices.by_managed_device_id("nobody").get(), 404, "ResourceNotFound")
    long = ToDevice(notification_title="t" * 51, notification_body="b")
    await error(devices.by_managed_device_id(pixel.id).send_custom_notification_to_company_portal.post(long), 400, "BadRequest")
    await error(client(url, "wrong").users.get(), 401, "InvalidAuthenticationToken")
    reader = client(url, "reader-token").device_management.managed_devices.by_managed_device_id(pixel.id)
    await error(reader.send_custom_notification_to_company_portal.post(ToDevice(**text)), 403, "Forbidden")
    await devices.by_managed_device_id(pixel.id).sync_device.post()

async def retries(url):
    for _ in range(4):
        assert len((await client(url, "sdk-token").device_management.managed_devices.get()).value) == 3

asyncio.run({"calls": calls, "retries": retries}[sys.argv[1]](sys.argv[2]))
