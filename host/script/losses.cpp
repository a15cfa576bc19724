// Losses written in Lua, see the header.
#include "script/losses.hpp"

#include "script/captured.hpp"
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
      .operators = {{"__call", call_denoiser}, {"__tostring", denoiser_text}},
      .call = "fun(x: tensor, t: tensor): tensor, tensor|nil"};
  return t;
}

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
                " images; it returned " + (loss ? tensor_kind(*loss) : describe(L, -1)) +
                "; ((a - b)^2):mean(2, 3, 4) gives one");
  }
  return {*loss, {}};
}

}  // namespace

LuaLoss make_loss(lua_State* L, int index, std::shared_ptr<const Process> process) {
  LuaLoss made;
  made.source = source_of(L, index);
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
