-- What the claims are computed on: a small random-feature model, perturbations of its weights, points and a prior.
local basin = require "basin"
local theory = require "theory.formulas"
local args = basin.args

local setting = {}
function setting.seed(i) return 1000 * args.seed + i end

local d, m = 3, 8
local model = theory.model(d, m, setting.seed(1))
setting.model, setting.relu = model, theory.model(d, m, setting.seed(1), theory.relu)
setting.theta = theory.normal({ d, m }, setting.seed(3))
setting.x = theory.normal({ 64, d }, setting.seed(4))  -- where losses are compared point by point
setting.standard = theory.normal({ args.draws, d }, setting.seed(5))  -- x ~ N(0, I), for Monte-Carlo
setting.where = ("d = %d, m = %d, seed %d"):format(d, m, args.seed)

setting.half = 0.5 * m / theory.norm(model.W)  -- the norm of a delta with which all sigma are within [1/2, 3/2]
setting.symmetric = {}
for i = 1, args.perturbations do
  setting.symmetric[i] = theory.perturbation(model, setting.seed(100 + i), setting.half)
end

-- Priors: N(0, I), and three narrow Gaussians without their common constant.
local centres = theory.normal({ 3, d }, setting.seed(6))
local zero, one = basin.zeros({ d }, "float64"), basin.eye(d, "float64")
function setting.log_standard(at) return theory.log_normal(at, zero, one) end
function setting.log_p(at) return (-2 * ((at:unsqueeze(2) - centres) ^ 2):sum(3)):exp():sum(2):log() end

return setting
