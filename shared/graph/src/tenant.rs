//! One tenant as its broker shows it: devices from their retained states, groups, limits, sends.
//!
//! Lives here: what a message on the broker changes, and which device's list of groups has to be written (contract 2). Does not
//! live here: calls (`calls`).

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use portal_contract::{
    DeviceId, DeviceState, DeviceTopics, GroupId, GroupList, Receipt, Tenant, UserPrincipalName, json_payload,
};

use crate::directory::Directory;
use crate::limits::{LimitSettings, SendLimits};
use crate::odata::Record;
use crate::records;
use crate::refused_actions::RefusedActions;
use crate::report::RefusalCounts;
use crate::sends::SendBook;

/// A message to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The topic.
    pub topic: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// Whether the broker keeps it.
    pub retain: bool,
}

/// A device that has published a state.
#[derive(Debug)]
pub(crate) struct KnownDevice {
    pub(crate) state: DeviceState,
    pub(crate) record: Record,
    /// Deleted, and not heard of since (Del.2: it is hidden at once).
    pub(crate) hidden: bool,
}

/// What a message on the broker came to.
#[derive(Debug, Default)]
pub struct Heard {
    /// Lists of groups to be published.
    pub messages: Vec<OutgoingMessage>,
    /// The id of a send of which it tells something new.
    pub send: Option<String>,
    /// What is wrong with the message, which changed nothing; and what a device refused.
    pub notice: Option<String>,
}

/// One tenant.
#[derive(Debug)]
pub(crate) struct TenantState {
    tenant: Tenant,
    devices: BTreeMap<DeviceId, KnownDevice>,
    lists: HashMap<DeviceId, GroupList>,
    /// Lists of this side that have not come back yet.
    own_lists: HashMap<DeviceId, VecDeque<BTreeSet<GroupId>>>,
    /// Whether what the broker retains has been heard.
    is_complete: bool,
    pub(crate) directory: Directory,
    pub(crate) limits: SendLimits,
    pub(crate) sends: SendBook,
    pub(crate) refusals: RefusalCounts,
    pub(crate) refused_actions: RefusedActions,
}

impl TenantState {
    pub(crate) fn new(tenant: Tenant, directory: Directory, limits: LimitSettings) -> Self {
        Self {
            tenant,
            devices: BTreeMap::new(),
            lists: HashMap::new(),
            own_lists: HashMap::new(),
            is_complete: false,
            directory,
            limits: SendLimits::new(limits),
            sends: SendBook::default(),
            refusals: RefusalCounts::default(),
            refused_actions: RefusedActions::default(),
        }
    }

    pub(crate) fn topics(&self, device: DeviceId) -> DeviceTopics {
        DeviceTopics::new(&self.tenant, device)
    }

    /// The enrolled devices: Graph has no managed device for one that is not (facts 3, derived).
    pub(crate) fn devices(&self) -> impl Iterator<Item = &KnownDevice> {
        self.devices.values().filter(|known| is_listed(known))
    }

    pub(crate) fn device(&self, id: DeviceId) -> Option<&KnownDevice> {
        self.devices.get(&id).filter(|known| is_listed(known))
    }

    pub(crate) fn hide(&mut self, id: DeviceId) {
        if let Some(known) = self.devices.get_mut(&id) {
            known.hidden = true;
        }
    }

    pub(crate) fn name_of(&self, id: DeviceId) -> Option<String> {
        self.devices.get(&id).map(|known| known.state.device_name.clone())
    }

    /// Everybody who enrolled a device or is in a group.
    pub(crate) fn users(&self) -> BTreeSet<&UserPrincipalName> {
        let enrolled = self.devices().filter_map(|known| known.state.user_principal_name.as_ref());
        enrolled.chain(self.directory.groups.values().flat_map(|group| &group.users)).collect()
    }

    /// The connection is new: what the broker retains comes again, and devices that it no longer has are gone.
    pub(crate) fn begin(&mut self) {
        // Lists stay: where the broker still has one it comes again, and until then the last word on it is the best there is.
        self.devices.clear();
        self.own_lists.clear();
        self.is_complete = false;
    }

    /// What the broker retains has been heard; the lists that are not as the groups have them.
    pub(crate) fn complete(&mut self) -> Vec<OutgoingMessage> {
        // Only now: a list written while states still come in would be written from half of them, and again right after.
        self.is_complete = true;
        let ids: Vec<DeviceId> = self.devices().map(|known| known.state.device_id).collect();
        ids.into_iter().filter_map(|id| self.list_message(id)).collect()
    }

    /// It is not known what the broker has: the broker did not take a list.
    pub(crate) fn forget_lists(&mut self) {
        self.lists.clear();
        self.own_lists.clear();
    }

    /// The list of a device as it has to be; none where it is so.
    fn list_message(&mut self, id: DeviceId) -> Option<OutgoingMessage> {
        let user = self.devices.get(&id)?.state.user_principal_name.clone()?;
        let groups = self.directory.groups_of(&user);
        let is_right = match self.lists.get(&id) {
            Some(list) if list.user_principal_name.as_ref().is_none_or(|named| *named == user) => list.groups == groups,
            // No list at the broker says the same as an empty one: nothing is written for a device whose user is in no group.
            _ => groups.is_empty(),
        };
        if is_right {
            return None;
        }
        let list = GroupList { user_principal_name: Some(user), groups: groups.clone() };
        // Nothing is better than an empty message, which would take the list at the broker away.
        let payload = serde_json::to_vec(&list).ok()?;
        // In order, since the broker gives each back in the order in which it took them.
        self.own_lists.entry(id).or_default().push_back(groups);
        self.lists.insert(id, list);
        Some(OutgoingMessage { topic: self.topics(id).groups(), payload, retain: true })
    }

    /// The lists of these users' devices, as the groups have them now.
    pub(crate) fn lists_of(&mut self, users: &BTreeSet<UserPrincipalName>) -> Vec<OutgoingMessage> {
        let is_theirs =
            |known: &&KnownDevice| known.state.user_principal_name.as_ref().is_some_and(|user| users.contains(user));
        let ids: Vec<DeviceId> = self.devices().filter(is_theirs).map(|known| known.state.device_id).collect();
        ids.into_iter().filter_map(|id| self.list_message(id)).collect()
    }

    /// A message of this tenant's devices.
    pub(crate) fn on_message(&mut self, device: DeviceId, leaf: &str, payload: &[u8]) -> Heard {
        match leaf {
            "state" => self.on_state(device, payload),
            "groups" => self.on_groups(device, payload),
            "receipts" => match serde_json::from_slice::<Receipt>(payload) {
                // The topic decides whose it is: a device may publish below its own id alone, and what a payload says of itself proves nothing.
                Ok(receipt) if receipt.device_id == device && self.sends.on_receipt(&receipt) => {
                    Heard { send: receipt.notification_id.map(|id| id.as_str().to_owned()), ..Heard::default() }
                }
                Ok(_) => Heard::default(),
                Err(_) => notice(device, "receipt", "is not one"),
            },
            _ => Heard::default(),
        }
    }

    fn on_state(&mut self, device: DeviceId, payload: &[u8]) -> Heard {
        // An empty retained message is how a device that was removed takes its state back (contract 2).
        if payload.is_empty() {
            self.devices.remove(&device);
            self.lists.remove(&device);
            self.refused_actions.forget(device);
            return Heard::default();
        }
        let read = json_payload::read(payload).map_err(|error| error.to_string()).and_then(|value| {
            // serde's own words may quote the payload.
            serde_json::from_value::<DeviceState>(value).map_err(|_| "is not a device state".to_owned())
        });
        let state = match read {
            Ok(state) if state.device_id == device => state,
            Ok(_) => return notice(device, "state", "names another device"),
            Err(why) => return notice(device, "state", &why),
        };
        let refused = self.refused_actions.on_state(&state, !self.is_complete);
        let record = records::device(&state);
        let user = state.user_principal_name.clone();
        self.devices.insert(device, KnownDevice { state, record, hidden: false });
        if let (Some(user), Some(list)) = (user, self.lists.get(&device))
            && list.user_principal_name.as_ref().is_none_or(|named| *named == user)
        {
            self.directory.learn(&user, &list.groups.clone(), false);
        }
        let message = if self.is_complete { self.list_message(device) } else { None };
        Heard { messages: message.into_iter().collect(), notice: refused, send: None }
    }

    fn on_groups(&mut self, device: DeviceId, payload: &[u8]) -> Heard {
        let list = match GroupList::parse(payload) {
            Ok((list, _)) => list,
            Err(why) => return Heard { notice: Some(format!("device {device}: {why}")), ..Heard::default() },
        };
        // What this side wrote comes back: it says nothing new, and by now there may be a newer one on its way.
        if let Some(own) = self.own_lists.get_mut(&device) {
            let is_own = own.front() == Some(&list.groups);
            if is_own {
                own.pop_front();
                return Heard::default();
            }
        }
        // The first list after a start may be older than the groups that were kept; only a later one is somebody's change.
        let is_change = self.lists.contains_key(&device);
        let enrolled = self.devices.get(&device).and_then(|known| known.state.user_principal_name.clone());
        if let Some(user) = list.user_principal_name.clone().or(enrolled) {
            self.directory.learn(&user, &list.groups, is_change);
        }
        self.lists.insert(device, list);
        Heard::default()
    }
}

fn is_listed(known: &KnownDevice) -> bool {
    known.state.device_enrollment_type.is_some() && !known.hidden
}

fn notice(device: DeviceId, what: &str, why: &str) -> Heard {
    Heard { notice: Some(format!("the {what} of device {device} {why}; it changed nothing")), ..Heard::default() }
}
