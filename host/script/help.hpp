// help(x): texts made from the records that also check calls.
#pragma once
#include <string>

#include "script/bind.hpp"

namespace basin {
struct Component;
}

namespace basin::script {

std::string help_overview();
std::string help_for(const Function& function);
std::string help_for(const Component& component);
std::string help_option(const Component& component, const std::string& option);
std::string help_for(const Type& type);
std::string help_member(const Type& type, const std::string& name);  // a method or property; "" where it has none
std::string help_named(
    const std::string& word);  // "run:train", "run.folder", "sam", "sam.rho", "optimizer"; Error with the nearest name
std::string help_at(lua_State* L, int index);  // of a value on the stack

}  // namespace basin::script
