"""Microsoft's Python SDK for v1.0 (msgraph-sdk) over https, signed in by azure-identity with a client secret.

Both are unchanged: the base address, the hosts that may be given the token and the authority are options that they have.
    v1.py URL        with the gateway's authority in SSL_CERT_FILE and REQUESTS_CA_BUNDLE
"""
import asyncio
import logging
import sys

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.device_management.managed_devices.managed_devices_request_builder import ManagedDevicesRequestBuilder
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core.tasks.page_iterator import PageIterator

PIXEL = "11111111-0000-4000-8000-000000000002"
DeviceQuery = ManagedDevicesRequestBuilder.ManagedDevicesRequestBuilderGetQueryParameters
UserQuery = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters


def credential(url, secret):
    # Instance discovery would ask login.microsoftonline.com whether the authority is one of Microsoft's own.
    return ClientSecretCredential("contoso", "any-client", secret, authority=url, disable_instance_discovery=True)


def asking(query):
    return RequestConfiguration(query_parameters=query)


async def main(url):
    signed_in = AzureIdentityAuthenticationProvider(credential(url, "sdk-token"), allowed_hosts=["127.0.0.1"])
    adapter = GraphRequestAdapter(signed_in)
    adapter.base_url = url + "/v1.0"
    graph = GraphServiceClient(request_adapter=adapter)
    devices = graph.device_management.managed_devices

    first = await devices.get(asking(DeviceQuery(top=1, orderby=["deviceName"], count=True)))
    assert first.odata_count == 3, first
    names = []
    await PageIterator(first, adapter).iterate(lambda device: names.append(device.device_name) or True)
    assert names == ["iPad", "iPhone", "Pixel"], names
    chosen = "operatingSystem eq 'Android' and startswith(userPrincipalName,'adele')"
    (pixel,) = (await devices.get(asking(DeviceQuery(filter=chosen, select=["id", "deviceName"])))).value
    assert (pixel.id, pixel.operating_system) == (PIXEL, None), pixel
    pixel = await devices.by_managed_device_id(PIXEL).get()
    assert (pixel.device_name, pixel.user_principal_name) == ("Pixel", "adele@contoso.example"), pixel
    (adele,) = (await graph.users.get(asking(UserQuery(filter="userPrincipalName eq 'adele@contoso.example'")))).value
    assert (await graph.users.by_user_id(adele.id).get()).user_principal_name == "adele@contoso.example"
    assert len((await graph.users.by_user_id("adele@contoso.example").managed_devices.get()).value) == 2
    assert (await graph.groups.get()).value == []
    assert (await graph.me.get()).user_principal_name
    await devices.by_managed_device_id(PIXEL).sync_device.post()
    try:
        await graph.groups.by_group_id("nobody").get()
        raise AssertionError("there is no such group")
    except ODataError as error:
        assert (error.response_status_code, error.error.code) == (404, "ResourceNotFound"), error

    # It is to fail, and need not say so.
    logging.disable()
    try:
        credential(url, "wrong").get_token("https://graph.microsoft.com/.default")
        raise AssertionError("the secret is wrong")
    except ClientAuthenticationError as error:
        assert "client secret" in error.message, error


asyncio.run(main(sys.argv[1]))
