-- What a step of each of SAM's relatives costs, in steps of Adam: SAM 2, LookSAM 1 + 1/k, Momentum-SAM 1.
--
--   ./basin run --fresh bench/optimizers.lua [--set config=cifar10] [--set rounds=20]
--
-- All in one process. In every round each optimizer trains for a few steps, in an order that changes; a round gives one
-- ratio to its own Adam. Printed are the median over rounds and its 95 % interval, a bootstrap of the rounds.
local basin = require "basin"

basin.arguments {
  config = { type = "string", default = "mini", help = "mini or cifar10, the U-Net that is trained" },
  batch = { type = "integer", default = 16, minimum = 8, help = "images a step" },
  steps = { type = "integer", default = 10, minimum = 1, help = "timed steps of each optimizer in a round; a multiple of 5" },
  rounds = { type = "integer", default = 12, minimum = 2, help = "rounds" },
}
local args = basin.args
local models = {
  mini = { image = 32, channels = 32, multipliers = { 1, 2, 2 }, blocks = 1, attention = { 8 } },
  cifar10 = { image = 32, channels = 128, blocks = 3, attention = { 16, 8 }, dropout = 0.3, learned_variance = true },
}
local options = models[args.config] or error("config is mini or cifar10, not '" .. args.config .. "'")
if args.steps % 5 ~= 0 then error "steps must be a multiple of 5, LookSAM's k: else its share of dear steps is off" end

local data = basin.dataset "shapes" { count = 512, size = 32 }
local process = basin.process "vp" { schedule = "cosine", steps = 1000 }
local adam = basin.optimizer "adam" { lr = 1e-4 }
local ways = {
  { "adam", adam, 1 },
  { "adam again", adam, 1 },  -- what the measurement itself is worth
  { "sam", basin.optimizer "sam" { base = adam }, 2 },
  { "asam", basin.optimizer "asam" { base = adam }, 2 },
  { "gsam", basin.optimizer "gsam" { base = adam }, 2 },
  { "wsam", basin.optimizer "wsam" { base = adam }, 2 },
  { "friendly_sam", basin.optimizer "friendly_sam" { base = adam }, 2 },
  { "esam", basin.optimizer "esam" { base = adam }, 1.83 },
  { "looksam, k = 5", basin.optimizer "looksam" { every = 5, base = adam }, 1.2 },
  { "momentum_sam", basin.optimizer "momentum_sam" { base = adam }, 1 },
  { "random_sam", basin.optimizer "random_sam" { base = adam }, 1 },
  { "lpf_sgd, 4 parts", basin.optimizer "lpf_sgd" { draws = 4, base = adam }, 1 },
}

-- Seconds a step, without the first, which finds caches cold.
local function seconds(round, i)
  local first, last
  basin.run { name = ("bench-%d-%d"):format(round, i), precision = "fp32" }:train {
    model = basin.model("adm_unet", options), data = data, process = process, steps = args.steps + 1, batch = args.batch,
    optimizer = ways[i][2], log_every = args.steps + 1,
    on_step = function(step)
      first = first or step.seconds
      last = step.seconds
    end,
  }
  return (last - first) / args.steps
end

local ratios, least = {}, {}
for i = 1, #ways do ratios[i], least[i] = {}, math.huge end
for round = 1, args.rounds do
  local took = {}
  for k = 1, #ways do
    local i = (k + round * 5) % #ways + 1  -- 5 and 12 have no common divisor: another order in each round
    took[i] = seconds(round, i)
    least[i] = math.min(least[i], took[i])
  end
  for i = 1, #ways do ratios[i][round] = took[i] / took[1] end
end

local function median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  return (sorted[(#sorted + 1) // 2] + sorted[#sorted // 2 + 1]) / 2
end
local function interval(list)
  math.randomseed(0)
  local medians = {}
  for draw = 1, 1000 do
    local some = {}
    for j = 1, #list do some[j] = list[math.random(#list)] end
    medians[draw] = median(some)
  end
  table.sort(medians)
  return medians[25], medians[975]
end
local rows = {}
for i, way in ipairs(ways) do
  local low, high = interval(ratios[i])
  rows[i] = { way[1], ("%.1f ms"):format(1e3 * least[i]), ("%.3f [%.3f, %.3f]"):format(median(ratios[i]), low, high), way[3] }
end
print(basin.table { columns = { "optimizer", "least step", "steps of Adam", "by counting passes" }, rows = rows })
