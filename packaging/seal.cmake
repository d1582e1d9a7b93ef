# Read by cpack when a package is written: the archive's members would else keep
# the permissions that the umask of the day gave them.
foreach(package IN LISTS CPACK_PACKAGE_FILES)
  set(parts ${package}.parts)
  file(REMOVE_RECURSE ${parts})
  file(MAKE_DIRECTORY ${parts})
  foreach(command "x;${package}" "rcD;new;debian-binary;control.tar.gz;data.tar.xz")
    execute_process(COMMAND ${CPACK_AUDIOGENRL_AR} ${command}
                    WORKING_DIRECTORY ${parts} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
  file(RENAME ${parts}/new ${package})
  file(REMOVE_RECURSE ${parts})
endforeach()
