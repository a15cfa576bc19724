// Building, running, saving and copying a model.
#include "model/model.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/safetensors.hpp"
#include "plugin/hash.hpp"

namespace basin {
namespace {

// How convolution weights lie in memory. Basin's group norm (abi/kernels) works in both layouts; bench/step compares
// them.
constexpr at::MemoryFormat kConvolutions = at::MemoryFormat::ChannelsLast;

std::string shape_text(at::IntArrayRef sizes) {
  std::string out = "[";
  for (size_t i = 0; i < sizes.size(); i++) out += (i ? "," : "") + (sizes[i] < 0 ? "any" : std::to_string(sizes[i]));
  return out + "]";
}

std::string port_text(const Port& port) {
  std::string out = "[B";
  for (auto size : port.sizes) out += "," + (size < 0 ? std::string("any") : std::to_string(size));
  return out + "]";
}

bool fits(const Port& port, const Tensor& tensor) {
  if (tensor.dim() != static_cast<int64_t>(port.sizes.size()) + 1) return false;
  for (size_t i = 0; i < port.sizes.size(); i++)
    if (port.sizes[i] >= 0 && port.sizes[i] != tensor.size(static_cast<int64_t>(i) + 1)) return false;
  return true;
}

std::vector<Port> read_ports(const basin_port* const* ports, uint32_t n, const std::string& who, const char* what) {
  std::vector<Port> out;
  if (n > 64 || (n > 0 && !ports))
    throw Error(who + " describes " + std::to_string(n) + " " + what + "s", BASIN_ERROR_ABI);
  for (uint32_t i = 0; i < n; i++) {
    const basin_port* port = ports[i];
    if (!port || port->size < sizeof(basin_port) || !port->name || port->n_dims > 4)
      throw Error(
          who + " describes " + what + " " + std::to_string(i + 1) + " without a name, size or up to 4 dimensions",
          BASIN_ERROR_ABI);
    out.push_back({port->name, {port->sizes, port->sizes + port->n_dims}, port->optional != 0, port->classes});
  }
  return out;
}

const Port* find_port(const std::vector<Port>& ports, const std::string& name) {
  for (const auto& port : ports)
    if (port.name == name) return &port;
  return nullptr;
}

}  // namespace

std::shared_ptr<Model> Model::build(Spec spec) {
  auto model = std::make_shared<Model>();
  const std::string who = "model '" + spec.component->name + "'";
  model->object_ = std::make_shared<Object>(std::move(spec));
  model->functions_ = model->object_->functions<basin_model_functions>();
  const auto& f = model->functions_;
  if (!f.build || !f.describe || !f.forward) throw Error(who + " lacks build, describe or forward", BASIN_ERROR_ABI);
  model->layers_ = std::make_unique<basin_builder>();
  model->object_->call([&] { return f.build(model->object_->self(), model->layers_.get()); }, "build");
  if (!model->layers_->open_blocks.empty())
    throw Error(who + " began block '" + model->layers_->open_blocks.back()->name + "' and did not end it",
                BASIN_ERROR_ABI);
  model->read_description();
  model->parameters().lay_out(at::kCPU, kConvolutions);
  return model;
}

std::shared_ptr<Model> Model::create(Spec spec) {
  auto model = build(std::move(spec));
  if (model->weights_file_.empty()) model->initialize(0);
  else model->load(read_safetensors(model->weights_file_).tensors, model->weights_file_.string());
  return model;
}

void Model::read_description() {
  const std::string who = "model '" + spec().component->name + "'";
  basin_model_description d{};
  d.size = sizeof d;
  d.input_minimum = -1, d.input_maximum = 1;
  object_->call([&] { return functions_.describe(object_->self(), &d); }, "describe");
  inputs_ = read_ports(d.inputs, d.n_inputs, who, "input");
  outputs_ = read_ports(d.outputs, d.n_outputs, who, "output");
  target_ = d.target;
  input_minimum_ = d.input_minimum;
  input_maximum_ = d.input_maximum;
  if (d.weights && *d.weights) weights_file_ = spec().component->plugin->file.parent_path() / d.weights;
  if (target_ < BASIN_TARGET_NONE || target_ > BASIN_TARGET_SCORE)
    throw Error(who + " says its prediction target is " + std::to_string(target_) + ", which is none", BASIN_ERROR_ABI);
  auto need = [&](const std::vector<Port>& ports, const char* what, const char* name) {
    if (!find_port(ports, name))
      throw Error(who + " describes no " + what + " '" + name + "', which a model of its target has", BASIN_ERROR_ABI);
  };
  need(inputs_, "input", "x");
  if (outputs_.empty()) throw Error(who + " describes no output", BASIN_ERROR_ABI);
  if (target_ == BASIN_TARGET_NONE) return;
  need(inputs_, "input", "t");
  need(outputs_, "output", "prediction");
}

nlohmann::json Model::describe() const {
  auto out = spec().describe();
  if (!initial) out["weights"] = weights_hash();
  for (const auto& quantizer : attached) out["attached"].push_back(quantizer->describe());
  return out;
}

const std::string& Model::weights_hash() const {
  if (const auto version = layers_->parameters.version(); version != hash_version_ || hash_.empty()) {
    Sha256 sum;
    for (const auto& p : layers_->parameters.list()) {
      Tensor values = p.value.detach().to(at::kCPU).contiguous();
      const std::string head = p.name + shape_text(values.sizes());
      sum.update(head.data(), head.size());
      sum.update(values.data_ptr(), values.nbytes());
    }
    hash_ = sum.hex();
    hash_version_ = version;
  }
  return hash_;
}

void Model::remember(nlohmann::json begun) {
  begun_ = std::move(begun);
  left_ = weights_hash();
}

nlohmann::json Model::begun_as() const {
  return !initial && !begun_.is_null() && weights_hash() == left_ ? begun_ : nlohmann::json();
}

bool Model::learns_variance() const { return find_port(outputs_, "variance") != nullptr; }

std::vector<int64_t> Model::sample_shape() const { return find_port(inputs_, "x")->sizes; }

void Model::initialize(uint64_t seed) {
  parameters().initialize(seed);
  initial = true;
}

void Model::to(at::Device device, Precision precision) {
  if (device != this->device()) parameters().lay_out(device, kConvolutions);
  precision_ = precision;
}

std::vector<Tensor> Model::forward(Context& context, at::TensorList inputs) {
  context.precision = precision_;
  auto who = [&] { return "model '" + spec().component->name + "'"; };
  if (inputs.size() > inputs_.size())
    throw Error(who() + " takes " + std::to_string(inputs_.size()) + " inputs, and " + std::to_string(inputs.size()) +
                " came");
  std::vector<basin_tensor*> in(inputs_.size()), out(outputs_.size());
  for (size_t i = 0; i < inputs_.size(); i++) {
    const bool given = i < inputs.size() && inputs[i].defined();
    if (!given && inputs_[i].optional) continue;
    if (!given) throw Error(who() + " needs its input '" + inputs_[i].name + "'");
    if (!fits(inputs_[i], inputs[i]) || inputs[i].size(0) != inputs[0].size(0))
      throw Error(who() + " takes '" + inputs_[i].name + "' as " + port_text(inputs_[i]) + ", and " +
                  shape_text(inputs[i].sizes()) + " came");
    in[i] = lend(inputs[i]);
  }
  std::vector<Tensor> outputs;
  auto take = [&] {
    for (auto* handle : out) outputs.push_back(steal(handle));
  };
  try {
    object_->call(
        [&] {
          return functions_.forward(object_->self(), context.get(), in.data(), static_cast<uint32_t>(in.size()),
                                    out.data(), static_cast<uint32_t>(out.size()));
        },
        "forward");
  } catch (...) {
    take();  // what it had made before it failed
    throw;
  }
  take();
  for (size_t i = 0; i < outputs.size(); i++)
    if (!outputs[i].defined() || !fits(outputs_[i], outputs[i]))
      throw Error(who() + " describes output '" + outputs_[i].name + "' as " + port_text(outputs_[i]) + ", and gave " +
                      (outputs[i].defined() ? shape_text(outputs[i].sizes()) : "nothing"),
                  BASIN_ERROR_RUNTIME);
  return outputs;
}

std::map<std::string, Tensor> Model::weights() const {
  std::map<std::string, Tensor> out;
  for (const auto& p : layers_->parameters.list())
    out[p.name] = at::empty(p.value.sizes(), at::TensorOptions(at::kFloat)).copy_(p.value.detach());
  return out;
}

void Model::load(const std::map<std::string, Tensor>& weights, const std::string& origin) {
  const std::string who = "model '" + spec().component->name + "'";
  std::vector<std::string> names;
  for (const auto& p : parameters().list()) {
    names.push_back(p.name);
    auto found = weights.find(p.name);
    if (found == weights.end())
      throw Error("'" + origin + "' holds no '" + p.name + "', which " + who +
                  " has: it was saved from a model of other options");
    if (found->second.sizes() != p.value.sizes())
      throw Error("'" + origin + "' holds '" + p.name + "' as " + shape_text(found->second.sizes()) + ", and " + who +
                  " has " + shape_text(p.value.sizes()) + ": it was saved from a model of other options");
    if (!found->second.is_floating_point())
      throw Error("'" + origin + "' holds '" + p.name + "' as whole numbers, and " + who +
                  " needs floating-point ones");
  }
  for (const auto& [name, tensor] : weights)
    if (!parameters().find(name)) {
      std::string near = nearest(name, names);
      throw Error("'" + origin + "' holds '" + name + "', which " + who + " has not" +
                  (near.empty() ? "" : "; the nearest it has is '" + near + "'"));
    }
  at::NoGradGuard no_grad;
  for (auto& p : parameters().list()) p.value.copy_(weights.at(p.name));
  initial = false;
}

std::shared_ptr<Model> Model::copy() {
  auto out = build(spec());
  out->to(device(), precision_);
  at::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters().groups().size(); i++)
    out->parameters().groups()[i].values.copy_(parameters().groups()[i].values);
  out->label = label;
  out->process = process;
  out->run_folder = run_folder;
  out->initial = initial;
  return out;
}

void add_model_factory() {
  add_factory("model", [](Spec spec) -> std::shared_ptr<basin_object> { return Model::create(std::move(spec)); });
}

}  // namespace basin
