# Read by cpack when all files are in place, before they are packed: what
# debhelper does in other packages.
set(debian ${CPACK_AUDIOGENRL_SOURCE}/packaging/debian)

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} name)
  set(name ${CPACK_DEBIAN_${name}_PACKAGE_NAME})
  set(usr ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component}/usr)
  set(doc ${usr}/share/doc/${name})
  file(MAKE_DIRECTORY ${doc})
  file(COPY_FILE ${debian}/copyright ${doc}/copyright)
  file(COPY_FILE ${debian}/changelog ${doc}/changelog.Debian)
  if(EXISTS ${debian}/${component}/lintian-overrides)
    file(MAKE_DIRECTORY ${usr}/share/lintian/overrides)
    file(COPY_FILE ${debian}/${component}/lintian-overrides ${usr}/share/lintian/overrides/${name})
  endif()
  file(GLOB_RECURSE manual ${usr}/share/man/*.[1-9])
  run(gzip -9nf ${manual} ${doc}/changelog.Debian)

  file(GLOB programs ${usr}/bin/*)
  foreach(program IN LISTS programs)
    run(${CPACK_AUDIOGENRL_STRIP} --remove-section=.comment --remove-section=.note ${program})
  endforeach()
  file(GLOB plugin ${usr}/lib/lv2/audiogenrl.lv2/*.so)
  if(plugin)
    run(${CPACK_AUDIOGENRL_STRIP} --strip-unneeded --remove-section=.comment --remove-section=.note ${plugin})
  endif()
endforeach()
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
file(CREATE_LINK ../../audiogenrl/examples ${root}/main/usr/share/doc/audiogenrl/examples SYMBOLIC)

# As old as the sources, whoever built it, whenever, with whatever umask.
run(chmod -R u+rwX,go+rX,go-w,a-s ${root})
run(find ${root} -exec touch -h -d @$ENV{SOURCE_DATE_EPOCH} {} +)
