// Losses written in Lua: function(model, x0, noise, t, context) -> tensor [B].
#pragma once
#include <exception>

#include "diffusion/loss.hpp"
#include "script/bind.hpp"

namespace basin::script {

struct LuaLoss {
  Loss loss;
  std::string source;                           // its text and all it captured: what identifies it
  std::shared_ptr<std::exception_ptr> failure;  // the script's own error, which a plugin's border would blur
};

// The function at `index`, kept in the registry as long as the loss lives. [run thread]
LuaLoss make_loss(lua_State* L, int index, std::shared_ptr<const Process> process);

}  // namespace basin::script
