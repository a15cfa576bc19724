local basin, toy = require "basin", require "toy"
local data, process, refused = toy.data, toy.process, toy.refused

-- The CIFAR-10 model of DDPM-IP.
local cifar = basin.model "adm_unet" {
  image = 32, channels = 128, multipliers = { 1, 2, 2, 2 }, blocks = 3, attention = { 16, 8 }, head_channels = 32,
  dropout = 0.3, learned_variance = true,
}
local names, all = 0, cifar:parameters()
for _ in pairs(all) do names = names + 1 end
assert(cifar.count == 57094662, cifar.count)
assert(names == 494, names)
local function shape(name) return table.concat(all[name]:shape(), ",") end
assert(shape "input_blocks.5.1.qkv.weight" == "768,256,1")
assert(shape "input_blocks.4.0.in_layers.2.weight" == "128,128,3,3")
assert(shape "output_blocks.11.0.skip_connection.weight" == "256,384,1,1")
assert(shape "output_blocks.11.2.emb_layers.1.weight" == "512,512")
assert(shape "out.2.weight" == "6,128,3,3")
assert(basin.model("adm_unet", {}).count == 57091203)  -- the defaults: without learned variance

-- ImageNet 64, conditional: the paper's 296 million.
assert(basin.model("adm_unet", {
  image = 64, channels = 192, blocks = 3, attention = { 32, 16, 8 }, head_channels = 64, classes = 1000, learned_variance = true,
}).count == 295904454)

-- LSUN Tower 64, which serves FFHQ 64 as well: the conditional one without its classes' embedding.
assert(basin.model("adm_unet", {
  image = 64, channels = 192, blocks = 3, attention = { 32, 16, 8 }, head_channels = 64, learned_variance = true,
}).count == 295136454)

-- Other ways to build it: their names.
local other = basin.model("adm_unet", {
  image = 16, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = { 8 }, head_channels = 0, heads = 2,
  residual_resampling = false, scale_shift = false, order = "legacy", classes = 10,
}):parameters()
assert(other["label_emb.weight"] and other["input_blocks.2.0.op.weight"] and other["output_blocks.1.2.conv.weight"])
assert(table.concat(other["input_blocks.1.0.emb_layers.1.weight"]:shape(), ",") == "32,128")

-- Every variant trains: the loss of a fresh model is that of predicting 0.
for i, options in ipairs {
  {}, { learned_variance = true }, { scale_shift = false }, { multipliers = { 1, 2 }, residual_resampling = false },
  { multipliers = { 1, 2 }, attention = { 4 }, order = "legacy", dropout = 0.2 }, { target = "v" },
} do
  local full = { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
  for key, value in pairs(options) do full[key] = value end
  local losses = {}
  basin.run { name = "adm-variant-" .. i, device = "cpu", precision = "fp32" }:train {
    model = basin.model("adm_unet", full), data = data, process = process, steps = 2, batch = 8, loss = "simple",
    optimizer = basin.optimizer "adam" { lr = 1e-3 }, on_step = function(step) losses[#losses + 1] = step.loss end,
  }
  assert(#losses == 2 and losses[1] > 0.2 and losses[1] < 1.3, losses[1])
end

-- Weights say which order of attention they are for, and which target: the other one is refused, not silent.
local function small(options)
  local all = { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = { 8 } }
  for key, value in pairs(options) do all[key] = value end
  return basin.model("adm_unet", all)
end
small({ order = "legacy" }):save "legacy.safetensors"
small({ order = "legacy" }):load "legacy.safetensors"
refused('order = "legacy"', function() return small({ order = "new" }):load "legacy.safetensors" end)
refused('target = "epsilon"', function() return small({ order = "legacy", target = "v" }):load "legacy.safetensors" end)

-- The two orders are one network whose rows of qkv stand elsewhere: [q,k,v][head] and [head][q,k,v].
local heads, size = 2, 16
local new, legacy = small { head_channels = size }, small { head_channels = size, order = "legacy" }
local ours, theirs, moved = new:parameters(), legacy:parameters(), 0
local names = {}
for name in pairs(ours) do names[#names + 1] = name end
table.sort(names)
for i, name in ipairs(names) do
  local shape = ours[name]:shape()
  local values = 0.2 * basin.randn(shape, i)
  ours[name][{}] = values
  if name:find("qkv", 1, true) then
    values = values:reshape(3, heads, size, -1):permute(2, 1, 3, 4):reshape(table.unpack(shape))
    moved = moved + 1
  end
  theirs[name][{}] = values
end
local x, t = basin.randn({ 2, 3, 8, 8 }, 99), basin.tensor { 3, 700 }
local difference = (new(x, t) - legacy(x, t)):abs():max():item()
assert(moved > 0 and difference < 1e-4 * new(x, t):abs():max():item(), difference)
for _, name in ipairs(names) do theirs[name][{}] = ours[name] end
assert((new(x, t) - legacy(x, t)):abs():max():item() > 1e-2)  -- the order matters

refused("A level has 48 channels, which", function() return basin.model "adm_unet" { channels = 48 } end)
refused("Attention at size 7", function() return basin.model "adm_unet" { attention = { 7 } } end)
refused("give multipliers", function() return basin.model "adm_unet" { image = 24 } end)
refused("halved", function() return basin.model "adm_unet" { image = 12, multipliers = { 1, 1, 1, 1 }, attention = {} } end)
refused("head_channels", function() return basin.model "adm_unet" { head_channels = 48 } end)
print "ok"
