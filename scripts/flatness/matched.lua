-- SAM against Adam at equal steps, at equal time (SAM at half the steps: it takes two passes) and at equal loss: whether SAM is
-- flat, and loses less to rounding, because it is behind in its training. From the weights that both trainings passed through.
local basin = require "basin"
local study = require "study"

local marks = study.marks
local found = {}  -- by method, step and seed: { loss, LPF - loss, what 4 bits add to the loss }
local rows = {}
for _, method in ipairs { "adam", "ip", "sam" } do
  found[method] = {}
  for _, step in ipairs(marks) do
    local at = {}
    found[method][step] = at
    rows[#rows + 1] = { method, step, step * (method == "sam" and 2 or 1), study.over_seeds(function(seed)
      local _, run = study.weights({ method, "ema" }, seed)
      local model = study.earlier(run, step, "ema")
      local function measured(it) return study.lpf_metric:measure(it, study.test_images, { process = study.process }) end
      local flat = measured(model)
      at[seed] = { flat.loss, flat.lpf_minus_loss, measured(study.quantized(model, run, 4)).loss - flat.loss }
      return table.unpack(at[seed])
    end) }
  end
end
print(basin.table { columns = { "+EMA of", "steps", "passes", "loss", "LPF - loss", "4 bits: loss" }, rows = rows })

-- SAM's minus Adam's, one pair for each seed, of LPF - loss and of what 4 bits cost; `missing` where a seed has no pair.
local function differences(pair, missing)
  for _, seed in ipairs(study.seeds) do
    if not pair(seed) then return missing, missing end
  end
  return study.over_seeds(function(seed)
    local sam, adam = pair(seed)
    return sam[2] - adam[2], sam[3] - adam[3]
  end)
end

-- Adam where its loss was SAM's last one: along its own training, between the two marks around it; and the step.
local function at_equal_loss(seed)
  local sam = found.sam[study.steps][seed]
  for m = 1, #marks - 1 do
    local a, b = found.adam[marks[m]][seed], found.adam[marks[m + 1]][seed]
    if (a[1] - sam[1]) * (b[1] - sam[1]) <= 0 then
      local share, adam = (a[1] - sam[1]) / (a[1] - b[1]), {}
      for k = 1, 3 do adam[k] = a[k] + share * (b[k] - a[k]) end
      return sam, adam, marks[m] + share * (marks[m + 1] - marks[m])
    end
  end
end
local function at(sam, adam)
  return function(seed)
    if found.sam[sam] then return found.sam[sam][seed], found.adam[adam][seed] end
  end
end

local half, reached = study.steps // 2, 0  -- and where Adam's loss was SAM's last one, mean over the seeds
for _, seed in ipairs(study.seeds) do
  local _, _, step = at_equal_loss(seed)
  reached = reached + (step or math.huge) / #study.seeds
end
print(basin.table {
  columns = { "SAM minus Adam", "LPF - loss", "4 bits: loss" },
  rows = {
    { "at equal steps", differences(at(study.steps, study.steps)) },
    { "at equal time", differences(at(half, study.steps), "no weights of SAM at half the steps were kept") },
    { reached < math.huge and ("at equal loss, which Adam had after %.0f steps or so"):format(reached) or "at equal loss",
      differences(at_equal_loss, "Adam's loss was never SAM's last one") },
  },
})
study.footer()
