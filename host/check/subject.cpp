// The plugin under test: its file, its components behind gates, and options that every component can be made with.
#include "abi/context.hpp"
#include "check/gates.hpp"
#include "check/standins.hpp"
#include "check/test.hpp"
#include "plugin/options.hpp"

namespace basin::checking {

const Loaded& Subject::loaded() {
  if (loaded_) return *loaded_;
  loaded_ = load_plugin(request.file);
  for (Component& part : loaded_->components) {
    part.plugin = &loaded_->plugin;
    part.table = gate_component(part.table);
  }
  return *loaded_;
}

const Component& Subject::part() {
  for (const Component& part : loaded().components)
    if (part.name == component && part.kind == kind) return part;
  throw Error("the plugin brings no " + kind + " '" + component + "'", BASIN_ERROR_NOT_FOUND);
}

Spec Subject::spec(const Component& of, std::vector<Option> more) {
  std::vector<Option> given;
  for (const basin_parameter* p : of.parameters) {
    if (p->type == BASIN_TYPE_COMPONENT && (!p->default_value || *p->default_value)) {
      const std::string kind = p->choices[0];
      auto other = standin(kind);
      if (!other) throw Skip{"the check has no " + kind + " to give for option '" + p->name + "'"};
      given.push_back({p->name, other, "check"});
    }
    const std::string name = std::string(p->name) + "=";
    for (const std::string& set : request.set) {
      if (!set.starts_with(name)) continue;
      const std::string text = set.substr(name.size());
      basin_parameter as_default = *p;
      as_default.default_value = text.c_str();
      given.push_back({p->name, parse_default(as_default), "--set"});
    }
    const auto has = [&](const std::vector<Option>& options) {
      return std::any_of(options.begin(), options.end(), [&](const Option& o) { return o.name == p->name; });
    };
    if (!p->default_value && !has(given) && !has(more))
      throw Skip{"option '" + std::string(p->name) + "' has no default, so it must be given: --set " + name + "VALUE"};
  }
  given.insert(given.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return check_options(of, std::move(given));
}

std::shared_ptr<Object> Subject::make(std::vector<Option> more) {
  return std::make_shared<Object>(spec(part(), std::move(more)));
}

void live(Subject& subject) {
  const std::string kind = subject.part().kind;
  if (kind == "optimizer") return live_optimizer(subject);
  if (kind == "averager") return live_averager(subject);
  if (kind == "noise_schedule") return live_noise_schedule(subject);
  if (kind == "model") return live_model(subject);
  if (kind == "sampler") return live_sampler(subject);
  if (kind == "quantizer") return live_quantizer(subject);
  if (kind == "metric") return live_metric(subject);
  if (kind == "dataset") return live_dataset(subject);
  throw Skip{"the check does not know how a " + kind + " lives"};
}

at::Tensor some_values(uint64_t seed, uint64_t what, at::IntArrayRef sizes, double scale) {
  const int64_t id = 0;
  return draw(stream_of(seed, BASIN_PURPOSE_SCRIPT, what), BASIN_NORMAL, {&id, 1}, sizes)[0] * scale;
}

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
  const Tensor x = a.detach().cpu().contiguous(), y = b.detach().cpu().contiguous();
  return std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0;
}

std::map<std::string, at::Tensor> copied(const std::map<std::string, at::Tensor>& state) {
  std::map<std::string, at::Tensor> out;
  for (const auto& [name, value] : state) out[name] = value.clone();
  return out;
}

std::map<std::string, at::Tensor> scrambled(const std::map<std::string, at::Tensor>& state, int way, uint64_t seed) {
  std::map<std::string, at::Tensor> out;
  uint64_t number = 0;
  for (const auto& [name, value] : state) {
    Tensor bad = value.clone();
    if (way == 0) {
      if (bad.is_floating_point()) bad.fill_(NAN);
      else std::memset(bad.mutable_data_ptr(), 0x7f, bad.nbytes());
    } else if (way == 1) {
      const int64_t id = static_cast<int64_t>(number++), n = static_cast<int64_t>(bad.nbytes());
      const Tensor bits =
          draw(stream_of(seed, BASIN_PURPOSE_SCRIPT, 99), BASIN_BITS, {&id, 1}, {std::max<int64_t>(1, n)});
      const Tensor bytes = at::bitwise_and(bits[0], 255).to(at::kByte).contiguous();
      std::memcpy(bad.mutable_data_ptr(), bytes.const_data_ptr(), bad.nbytes());
    } else {
      bad = at::zeros({value.numel() + 3}, value.options());
    }
    out[name] = bad;
  }
  return out;
}

void try_broken_states(Subject& subject, const std::map<std::string, at::Tensor>& good,
                       const std::function<void(const std::map<std::string, at::Tensor>& broken)>& life) {
  if (good.empty()) {
    subject.passed = "it keeps no state";
    return;
  }
  int refused = 0;
  for (int way = 0; way < kScrambles; way++)
    refused += refusal([&] { life(scrambled(good, way, subject.request.seed)); }).has_value();
  subject.passed = "of " + std::to_string(kScrambles) + " broken states " + std::to_string(refused) +
                   " refused with a sentence, the others survived";
}

}  // namespace basin::checking
