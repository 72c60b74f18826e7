#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

// The roads by which a notice reaches people, and in which order they are tried. Part of DeliveryConfig.

namespace authledger {

// A resource type, or this word: the worklist file. Channels have one spelling in config, database and outputs.
inline constexpr std::string_view kWorklist = "worklist";
// Every channel, best first: Flag, Task, Communication, DocumentReference, worklist.
const std::vector<std::string>& channel_words();

// Kind of what goes to the patient and stands nowhere but in a Communication: the other channels are for staff.
inline constexpr std::string_view kPatientKind = "benefit_for_patient";

struct ChannelOrder {
  // By "KIND/ROLE", "KIND", "ROLE" or "all", the words of NoticeKind and Role. What names a kind is taken as it stands;
  // of the others a Flag takes the utilization alone, and a Task takes everything else.
  std::map<std::string, std::vector<std::string>> by_scope = {{"all", channel_words()}};
  bool operator==(const ChannelOrder&) const = default;
};

// The channels of one notice in the order in which they are tried; the closest scope decides.
std::vector<std::string> channels_for(const ChannelOrder& order, std::string_view kind, std::string_view role);

}  // namespace authledger
