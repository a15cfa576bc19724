// Components whose code is a function of the script: basin.sampler("euler", function(sampling) ... end). Samplers,
// optimizers and metrics; they go wherever others of their kind go, also as the base of a wrapper.
#pragma once
#include <functional>
#include <memory>

#include "script/bind.hpp"

namespace basin {
struct Spec;
}

namespace basin::script {

// A component called `name` of that kind; the function at `index` lives as long as the script. Its text and all that it
// captured identify it, as for a loss. [run thread]
std::shared_ptr<const Spec> write_component(lua_State* L, const std::string& kind, const std::string& name, int index);

// Runs something that may call such a function. What the script itself raised arrives as it was, with the script's line,
// and not as the plugin's border blurs it.
void with_script_errors(const std::function<void()>& body);
void keep_script_error();  // in a catch block: the exception in flight is what the script raised

void add_written(lua_State* L, int library);  // the types sampling, training, measurement

}  // namespace basin::script
