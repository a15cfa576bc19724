// Helpers of the run room's tests.
#pragma once
#include <nlohmann/json.hpp>

#include "run/run.hpp"

#include "plugin/support.hpp"  // last: it includes Catch

using nlohmann::json;

inline std::shared_ptr<basin::Run> open_run(const fs::path& root, const std::string& name = "sam-cifar10",
                                            const json& identity = {{"lr", 0.1}}, const json& details = json::object(),
                                            bool fresh = false) {
  return basin::Run::open(root, {name, 7, "auto", "bf16"}, identity, details, fresh);
}
