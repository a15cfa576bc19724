// Losses written in Lua, see the header.
#include "script/losses.hpp"

#include <algorithm>
#include <map>

#include "plugin/hash.hpp"
#include "script/component.hpp"
#include "script/engine.hpp"
#include "script/tensor.hpp"

namespace basin::script {

// The model as a loss sees it; dead once the loss has returned, because what it captured is gone then.
struct Denoiser {
  std::shared_ptr<Denoise> denoise;
};
template <>
inline constexpr const char* type_of<Denoiser> = "denoiser";

namespace {

int call_denoiser(Call& c) {  // model(x, t)
  const Denoiser& d = get<Denoiser>(c.L, 1);
  if (!*d.denoise) throw Error("the model of a loss can only be called inside the loss");
  const Tensor *x = test<Tensor>(c.L, 2), *t = test<Tensor>(c.L, 3);
  if (!x || !t)
    throw Error("inside a loss the model is called as model(x, t), with tensors [B,C,H,W] and [B]; it got " +
                describe(c.L, 2) + " and " + describe(c.L, 3));
  const ModelOutput out = (*d.denoise)(*x, *t);
  give(c.L, out.prediction);
  if (!out.variance.defined()) return 1;
  give(c.L, out.variance);
  return 2;
}
int denoiser_text(Call& c) { return give(c.L, "the model, to be called as model(x, t)"); }

const Type& type() {
  static const Type t{
      .name = "denoiser",
      .summary = "The model inside a loss: model(x, t) gives its prediction, and the variance where it learns one.",
      .operators = {{"__call", call_denoiser}, {"__tostring", denoiser_text}}};
  return t;
}

// A Lua function that the registry keeps alive. [run thread]
struct Kept {
  lua_State* L;
  int reference;
  Kept(lua_State* state, int index) : L(state) {
    lua_pushvalue(L, index);
    reference = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() { luaL_unref(L, LUA_REGISTRYINDEX, reference); }
};

// What identifies a loss: its text, and all that it captured, through helpers and tables. Not in it: the library itself,
// and globals, which only the prompt can make.
class Source {
 public:
  explicit Source(lua_State* L) : L_(L) {
    luaL_checkstack(L_, 4, nullptr);
    lua_getfield(L_, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L_, -1, "basin");
    if (!lua_isnil(L_, -1)) seen_[lua_topointer(L_, -1)] = "the library";
    lua_pop(L_, 2);
  }
  std::string of(int index) { return value(lua_absindex(L_, index)); }

 private:
  // A function or a table is written out where it is met first; a number stands for it from then on.
  std::string value(int index) {
    luaL_checkstack(L_, 8, "the loss captured tables that are nested too deeply");
    const int type = lua_type(L_, index);
    if (type == LUA_TNUMBER || type == LUA_TBOOLEAN) return to_text(L_, index);
    if (type == LUA_TSTRING) return quoted(index);
    if (const Tensor* tensor = test<Tensor>(L_, index)) return text_of(*tensor);
    if (const ComponentBox* box = component_at(L_, index); box && (box->living || box->spec))
      return (box->living ? box->living->describe() : box->spec->describe()).dump();
    if (type != LUA_TTABLE && (type != LUA_TFUNCTION || lua_iscfunction(L_, index))) return lua_typename(L_, type);
    const auto [known, is_new] = seen_.try_emplace(lua_topointer(L_, index), "#" + std::to_string(seen_.size()));
    if (!is_new) return known->second;
    return type == LUA_TTABLE ? table(index) : function(index);
  }

  std::string function(int index) {
    lua_Debug info;
    lua_pushvalue(L_, index);
    lua_getinfo(L_, ">S", &info);
    std::string text = Engine::of(L_).source_lines(info.source, info.linedefined, info.lastlinedefined);
    for (int i = 1; const char* name = lua_getupvalue(L_, index, i); ++i) {
      if (std::string(name) != "_ENV") text += std::string(name) + " = " + value(lua_gettop(L_)) + "\n";
      lua_pop(L_, 1);
    }
    return text;
  }

  // By the text of the keys: the order of lua_next is another in every process.
  std::string table(int index) {
    std::vector<std::pair<std::string, int>> keys;  // text; place of a copy in `list`
    lua_newtable(L_);
    const int list = lua_gettop(L_);
    for (lua_pushnil(L_); lua_next(L_, index); lua_pop(L_, 1)) {
      const int type = lua_type(L_, -2);
      if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN) continue;
      lua_pushvalue(L_, -2);
      keys.emplace_back(value(lua_gettop(L_)), static_cast<int>(keys.size()) + 1);
      lua_rawseti(L_, list, keys.back().second);
    }
    std::sort(keys.begin(), keys.end());
    std::string text = "{\n";
    for (const auto& [key, at] : keys) {
      lua_rawgeti(L_, list, at);
      lua_rawget(L_, index);
      text += "[" + key + "] = " + value(lua_gettop(L_)) + "\n";
      lua_pop(L_, 1);
    }
    lua_pop(L_, 1);
    return text + "}";
  }

  std::string quoted(int index) const {
    size_t length = 0;
    const char* text = lua_tolstring(L_, index, &length);
    return nlohmann::json(std::string(text, length)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  static std::string text_of(const Tensor& tensor) {
    const Tensor plain = tensor.detach().cpu().contiguous();
    const std::string bytes(static_cast<const char*>(plain.const_data_ptr()), plain.nbytes());
    return std::string("tensor ") + c10::toString(plain.scalar_type()) + " " +
           (std::stringstream() << plain.sizes()).str() + " " + sha256(bytes);
  }

  lua_State* L_;
  std::map<const void*, std::string> seen_;
};

void give_context(lua_State* L, const LossInput& input, const Process& process) {
  lua_newtable(L);
  give_process(L, process);
  lua_setfield(L, -2, "process");
  lua_pushstring(L, target_name(input.target));
  lua_setfield(L, -2, "target");
  lua_pushnumber(L, input.gamma);
  lua_setfield(L, -2, "gamma");
  if (input.labels.defined()) {
    give(L, input.labels);
    lua_setfield(L, -2, "labels");
  }
  if (input.perturbation.defined()) {
    give(L, input.perturbation);
    lua_setfield(L, -2, "perturbation");
  }
}

LossOutput run_loss(lua_State* L, int reference, const Process& process, const Denoise& denoise,
                    const LossInput& input) {
  const int top = lua_gettop(L);
  luaL_checkstack(L, 12, nullptr);
  auto model = std::make_shared<Denoise>(denoise);
  struct End {
    lua_State* L;
    int top;
    Denoise& model;
    ~End() { lua_settop(L, top), model = nullptr; }
  } end{L, top, *model};
  lua_rawgeti(L, LUA_REGISTRYINDEX, reference);
  give(L, Denoiser{model});
  give(L, input.x0);
  give(L, input.noise);
  give(L, input.t);
  give_context(L, input, process);
  script::call(L, 5, 1);
  const Tensor* loss = test<Tensor>(L, -1);
  const int64_t batch = input.x0.size(0);
  if (!loss || loss->dim() != 1 || loss->size(0) != batch) {
    throw Error("the loss must return a tensor [B], one number for each of the " + std::to_string(batch) +
                " images; it returned " + (loss ? tensor_text(*loss).substr(0, 60) : describe(L, -1)) +
                "; ((a - b)^2):mean(2, 3, 4) gives one");
  }
  return {*loss, {}};
}

}  // namespace

LuaLoss make_loss(lua_State* L, int index, std::shared_ptr<const Process> process) {
  LuaLoss made;
  made.source = Source(L).of(index);
  made.failure = std::make_shared<std::exception_ptr>();
  auto kept = std::make_shared<Kept>(L, index);
  made.loss = [kept, process, failure = made.failure](const Denoise& denoise, const LossInput& input) {
    try {
      return run_loss(kept->L, kept->reference, *process, denoise, input);
    } catch (const std::exception&) {
      *failure = std::current_exception();
      throw;
    }
  };
  return made;
}

void add_losses(lua_State* L, int) { add_type<Denoiser>(L, type()); }

}  // namespace basin::script
