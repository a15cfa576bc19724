// What a run worked with: versions of the program and its engine, and the machine.
#pragma once
#include <nlohmann/json_fwd.hpp>

namespace basin {

nlohmann::json versions();  // {"basin": "0.1.0", "libtorch": "2.11.0", "compiler": "g++ 12.2.0", "system": "Linux 6.1"}
nlohmann::json hardware();  // {"cpu": "...", "cores": 2, "threads": 2, "memory_gib": 23.4, "gpus": ["NVIDIA H200"]}

}  // namespace basin
