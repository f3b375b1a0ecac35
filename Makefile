# SPDX-License-Identifier: Apache-2.0
build:
	dotnet build Gantry.slnx -c Release
.PHONY: build
