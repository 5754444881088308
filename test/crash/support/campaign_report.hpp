// The figures of a campaign, for people and for programs.
#pragma once

#include <string>

#include "campaign.hpp"

namespace tidemark::test {

std::string table_of(const CampaignResult& result);
std::string json_of(const CampaignResult& result, const CampaignPlan& plan);

}  // namespace tidemark::test
