// Microsoft's JavaScript client (@microsoft/microsoft-graph-client) over https, with a token of its caller's.
//   node javascript.mjs URL FOLDER    with the gateway's authority in NODE_EXTRA_CA_CERTS, the client in FOLDER/node_modules
import { createRequire } from "node:module";
import assert from "node:assert/strict";
const [url, sdks] = process.argv.slice(2);
const { Client, BatchRequestContent } = createRequire(`${sdks}/`)("@microsoft/microsoft-graph-client");
const client = Client.initWithMiddleware({
  baseUrl: url, defaultVersion: "beta", customHosts: new Set(["127.0.0.1"]),
  authProvider: { getAccessToken: async () => "sdk-token" },
});
const list = await client.api("/deviceManagement/managedDevices").filter("startswith(deviceName,'i')").select("deviceName").count(true).get();
assert.equal(list["@odata.count"], 2);
const device = list.value.find((one) => one.deviceName === "iPad");
const text = { notificationTitle: "Office closed", notificationBody: "Work from home." };
await client.api(`/deviceManagement/managedDevices/${device.id}/sendCustomNotificationToCompanyPortal`).post(text);
const batch = await client.api("/$batch").post({ requests: [
  { id: "1", method: "GET", url: "/me" }, { id: "2", method: "GET", url: "/users", dependsOn: ["1"] }] });
assert.deepEqual(batch.responses.map((one) => one.status), [200, 200]);
await assert.rejects(client.api("/groups/nobody").get(), (error) => error.statusCode === 404 && error.code === "ResourceNotFound" && Boolean(error.requestId));
